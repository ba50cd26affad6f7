import { createServer, type Server } from 'node:net';
import { freePort } from './ports.js';
import {
  openProxyConnection,
  type ProxyConnection,
  type ProxyPolicy,
  type ProxyRequest,
  type ProxyTally,
  type ProxyVerdict,
} from './proxy-connection.js';
import type { RespTarget } from './resp.js';
import { RespError, type RespValue } from './resp-parser.js';

/**
 * Called for every message; may be set and changed at any time. What they throw ends the process,
 * as in any listener.
 */
export interface ProxyHooks {
  onRequest?: ((request: ProxyRequest) => ProxyVerdict | undefined) | undefined;
  onReply?: ((request: ProxyRequest, reply: RespValue) => ProxyVerdict | undefined) | undefined;
}

/** What has come through since the start or the last {@link TcpProxy.resetCounters}. */
export interface ProxyCounters extends Readonly<ProxyTally> {
  readonly connections: number;
  /** Requests by command name. */
  readonly commands: ReadonlyMap<string, number>;
}

/** A server between client and server that can do what networks do. */
export interface TcpProxy extends RespTarget {
  readonly host: '127.0.0.1';
  readonly url: string;
  readonly hooks: ProxyHooks;
  /**
   * Ends silence, delay, refusal and pending drops; connections that lost bytes to a silence are
   * reset.
   */
  pass(): Promise<void>;
  /**
   * Holds back every reply, or every request, by `ms` from now on, in order. 0 ends it. Default
   * `reply`.
   */
  delay(ms: number, side?: 'reply' | 'request'): void;
  /** Connections are accepted and stay open, and all bytes vanish, both ways. */
  silence(): void;
  /** The connections that are open now become silent; new ones work. A NAT that drops an idle connection does so. */
  forget(): void;
  /** New connections lead to another server. */
  redirect(target: RespTarget): void;
  /** Connections are refused; those that stand, stand. */
  refuse(): void;
  /**
   * The next `n` times that a command (default: any) is answered with other than an error, the
   * reply is thrown away and the connection reset: carried out, and nobody knows. An error such as
   * NOSCRIPT passes, since nothing was carried out.
   */
  dropReplies(n: number, command?: string): void;
  /** Resets all connections that stand. */
  cut(): void;
  counters(): ProxyCounters;
  resetCounters(): void;
  /** Refuses and cuts, for good. */
  close(): Promise<void>;
}

const NOTHING: Readonly<ProxyTally> = {
  requests: 0,
  replies: 0,
  pushes: 0,
  roundTrips: 0,
  bytesToServer: 0,
  bytesToClient: 0,
};

/**
 * Starts a proxy on 127.0.0.1 in front of `target`.
 *
 * @param options.isOpaque the protocol is not that of Redis, so that nothing is counted and no hook is called
 * @throws {Error} if no port is free
 */
export async function startTcpProxy(options: {
  readonly target: Pick<RespTarget, 'host' | 'port'>;
  readonly isOpaque?: boolean;
}): Promise<TcpProxy> {
  const connections = new Set<ProxyConnection>();
  const hooks: ProxyHooks = {};
  const drops: { left: number; readonly command: string | undefined }[] = [];
  const tally: ProxyTally = { ...NOTHING };
  const commands = new Map<string, number>();
  const delays = { reply: 0, request: 0 };
  let silent = false;
  let target: Pick<RespTarget, 'host' | 'port'> = options.target;
  /** Connections up to this one are silent. */
  let forgotten = 0;
  let opened = 0;
  let lastId = 0;

  const isToBeDropped = (request: ProxyRequest, reply: RespValue): boolean => {
    if (reply instanceof RespError) return false;
    const drop = drops.find(
      ({ left, command }) => left > 0 && (command ?? request.command) === request.command,
    );
    if (drop !== undefined) drop.left--;
    return drop !== undefined;
  };
  const policy: Omit<ProxyPolicy, 'silent'> = {
    requestDelayMs: () => delays.request,
    replyDelayMs: () => delays.reply,
    onRequest: (request) => {
      commands.set(request.command, (commands.get(request.command) ?? 0) + 1);
      return hooks.onRequest?.(request) ?? 'pass';
    },
    onReply: (request, reply) =>
      isToBeDropped(request, reply) ? 'reset' : (hooks.onReply?.(request, reply) ?? 'pass'),
    tally,
    isOpaque: options.isOpaque ?? false,
    onClose: (connection) => void connections.delete(connection),
  };
  const listener = createServer({ allowHalfOpen: false }, (client) => {
    opened++;
    const id = ++lastId;
    const own = { ...policy, silent: () => silent || id <= forgotten };
    connections.add(openProxyConnection(id, client, target, own));
  });
  const port = await listenSomewhere(listener);

  const cut = (): void => {
    for (const connection of [...connections]) connection.reset();
  };
  const refuse = (): void => {
    if (listener.listening) listener.close();
  };
  return {
    host: '127.0.0.1',
    port,
    url: `redis://127.0.0.1:${port}`,
    hooks,
    pass: async () => {
      silent = false;
      delays.reply = delays.request = 0;
      drops.length = 0;
      for (const connection of [...connections]) if (connection.damaged) connection.reset();
      if (!listener.listening) await listen(listener, port);
    },
    delay: (ms, side = 'reply') => {
      delays[side] = ms;
    },
    silence: () => {
      silent = true;
    },
    forget: () => {
      forgotten = lastId;
    },
    redirect: (next) => {
      target = next;
    },
    refuse,
    dropReplies: (n, command) => void drops.push({ left: n, command: command?.toUpperCase() }),
    cut,
    counters: () => ({ ...tally, connections: opened, commands: new Map(commands) }),
    resetCounters: () => {
      Object.assign(tally, NOTHING);
      opened = 0;
      commands.clear();
    },
    close: async () => {
      refuse();
      cut();
    },
  };
}

async function listenSomewhere(listener: Server): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      await listen(listener, port);
      return port;
    } catch (error) {
      if (attempt === 10) throw error;
    }
  }
}

function listen(listener: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      listener.off('error', reject);
      resolve();
    });
  });
}
