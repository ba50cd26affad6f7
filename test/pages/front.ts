import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** One response of the application, as it left the front. */
export interface Seen {
  readonly line: string;
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly renews: boolean;
  /** `Sec-Purpose` of the request. */
  readonly purpose: string | undefined;
  readonly isUpgrade: boolean;
  /** `Secure-Session-Skipped` of the request. */
  readonly skipped: string | undefined;
}

/** The origin that the browser sees, before an application that may be restarted. */
export interface Front {
  /** On `localhost`, where browsers keep `Secure` cookies over plain HTTP. */
  readonly origin: string;
  target: string;
  readonly seen: readonly Seen[];
  /** The shares of responses that are lost, and that are late by up to a second. */
  faults: { readonly lost: number; readonly late: number };
  close(): void;
}

/** Starts the front of an application; with a certificate, on HTTPS. */
export async function startFront(
  target: string,
  tls?: Pick<ServerOptions, 'key' | 'cert'>,
): Promise<Front> {
  const seen: Seen[] = [];
  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = req;
    const outgoing = send(front.target + url, { method, headers, agent: false });
    const answered = once(outgoing, 'response');
    req.pipe(outgoing);
    const [answer] = (await answered) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    const { statusCode: status = 0 } = answer;
    const renews = answer.headers['set-cookie']?.some((line) => line.includes('srt_')) ?? false;
    seen.push({
      line: `${method} ${url}`,
      status,
      headers: answer.headers,
      renews,
      purpose: headers['sec-purpose']?.toString(),
      isUpgrade: headers.upgrade !== undefined,
      skipped: headers['secure-session-skipped']?.toString(),
    });
    const { lost, late } = front.faults;
    if (Math.random() < late) await pause(1_000 * Math.random());
    if (Math.random() < lost) return void res.destroy();
    res.writeHead(status, answer.rawHeaders).end(Buffer.concat(chunks));
  }

  const listener = (req: IncomingMessage, res: ServerResponse): void => {
    // As when the application is down, or goes down in the middle of a response.
    handle(req, res).catch(() => res.destroy());
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const front: Front = {
    origin: `${tls === undefined ? 'http' : 'https'}://localhost:${(server.address() as AddressInfo).port}`,
    target,
    seen,
    faults: { lost: 0, late: 0 },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return front;
}
