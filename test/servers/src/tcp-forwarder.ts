import { connect, createServer, type Socket } from 'node:net';

/** A port that leads to a server, of any protocol, and that can be cut and led elsewhere. */
export interface TcpForwarder {
  readonly port: number;
  /** Resets all connections that are open. */
  cut(): void;
  /** New connections lead to another port of 127.0.0.1. */
  redirect(port: number): void;
  close(): Promise<void>;
}

/** Starts a forwarder on 127.0.0.1. Unlike a proxy of a protocol it knows no messages. */
export async function startTcpForwarder(target: number): Promise<TcpForwarder> {
  const sockets = new Set<Socket>();
  let port = target;
  const keep = (socket: Socket, other: () => Socket | undefined): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    // A reset is what this is for.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      sockets.delete(socket);
      other()?.destroy();
    });
  };
  const listener = createServer((client) => {
    const server = connect(port, '127.0.0.1');
    keep(client, () => server);
    keep(server, () => client);
    client.pipe(server);
    server.pipe(client);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut,
    redirect(next) {
      port = next;
    },
    async close() {
      cut();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
