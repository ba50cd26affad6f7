import { connect, type Socket } from 'node:net';
import { createLane } from './lane.js';
import type { RespTarget } from './resp.js';
import { createRespParser, type RespFrame, type RespValue } from './resp-parser.js';

/** A command on its way to the server. */
export interface ProxyRequest {
  /** In capitals: `EVALSHA`. */
  readonly command: string;
  /** What follows the name, as bytes. */
  readonly args: readonly Buffer[];
  /** Counts the connections from 1; the same number is the same connection. */
  readonly connection: number;
}

/**
 * What becomes of a request or a reply: `pass` it on; `drop` it and, as TCP never loses bytes in
 * the middle, all that follows in its direction, while the connection stands; `reset` the
 * connection in its place.
 */
export type ProxyVerdict = 'pass' | 'drop' | 'reset';

/** What is counted, for all connections together. */
export interface ProxyTally {
  requests: number;
  replies: number;
  /** Messages that answer no request. */
  pushes: number;
  /** Times that a client which waited for nothing sent something; a pipeline counts once. */
  roundTrips: number;
  bytesToServer: number;
  bytesToClient: number;
}

/** What a connection asks of the proxy that it belongs to. */
export interface ProxyPolicy {
  /** Bytes vanish in both directions for now. */
  readonly silent: () => boolean;
  readonly requestDelayMs: () => number;
  readonly replyDelayMs: () => number;
  readonly onRequest: (request: ProxyRequest) => ProxyVerdict;
  readonly onReply: (request: ProxyRequest, reply: RespValue) => ProxyVerdict;
  readonly tally: ProxyTally;
  /** Bytes are passed on unread: the protocol is another one. */
  readonly isOpaque: boolean;
  readonly onClose: (connection: ProxyConnection) => void;
}

/** One client and its connection to the server. */
export interface ProxyConnection {
  /** Has lost bytes; nothing sensible can come of it any more. */
  readonly damaged: boolean;
  /** Closes both ends; the client sees a reset. */
  reset(): void;
}

// After these the server no longer answers request by request, so the bytes are passed on unread.
const OPAQUE: ReadonlySet<string> = new Set(['MONITOR', 'PSYNC', 'SYNC']);
const SUBSCRIBING = /^[PS]?(UN)?SUBSCRIBE$/;
const PUBLISHED = /^([ps]?message|[ps]?(un)?subscribe)$/;

/**
 * Carries one client's bytes to the server and back, message by message, and pairs replies with
 * requests. `CLIENT REPLY OFF` and `SKIP` break the pairing.
 */
export function openProxyConnection(
  id: number,
  client: Socket,
  target: RespTarget,
  policy: ProxyPolicy,
): ProxyConnection {
  const { tally } = policy;
  const server = connect({ host: target.host, port: target.port, noDelay: true });
  client.setNoDelay(true);
  const lost = { toServer: false, toClient: false };
  const gone = { client: false, server: false };
  const isLost = (way: keyof typeof lost): boolean => {
    lost[way] ||= policy.silent();
    return lost[way];
  };
  const toServer = createLane((chunk) => void (isLost('toServer') || server.write(chunk)));
  const toClient = createLane((chunk) => void (isLost('toClient') || client.write(chunk)));
  const waiting: ProxyRequest[] = [];
  let subscribed = false;
  let opaque = policy.isOpaque;

  const reset = (): void => {
    toServer.clear();
    toClient.clear();
    server.destroy();
    client.resetAndDestroy();
  };

  const admit = (request: ProxyRequest): ProxyVerdict => {
    tally.requests++;
    const verdict = policy.onRequest(request);
    if (verdict !== 'pass') return verdict;
    if (OPAQUE.has(request.command)) opaque = true;
    // Answered by one message for each channel, or by pushes: nothing to pair.
    else if (SUBSCRIBING.test(request.command)) subscribed = true;
    // A pipeline is one round trip: only who waits for nothing starts another.
    else if (waiting.push(request) === 1) tally.roundTrips++;
    return verdict;
  };

  const judge = (frame: RespFrame): ProxyVerdict => {
    const push = isPush(frame, subscribed);
    tally[push ? 'pushes' : 'replies']++;
    const request = push ? undefined : waiting.shift();
    return request === undefined ? 'pass' : policy.onReply(request, frame.value);
  };

  const parseRequest = createRespParser((frame) => {
    if (client.destroyed || lost.toServer) return;
    const request = toRequest(id, frame.value);
    const verdict = request === undefined ? 'pass' : admit(request);
    if (verdict === 'reset') reset();
    else if (verdict === 'drop') lost.toServer = true;
    else toServer.push(frame.raw, policy.requestDelayMs());
  });

  const parseReply = createRespParser((frame) => {
    if (client.destroyed || lost.toClient) return;
    const verdict = judge(frame);
    if (verdict === 'reset') reset();
    else if (verdict === 'drop') lost.toClient = true;
    else toClient.push(frame.raw, policy.replyDelayMs());
  });

  client.on('data', (chunk) => {
    tally.bytesToServer += chunk.length;
    if (isLost('toServer')) return;
    if (opaque) toServer.push(chunk, policy.requestDelayMs());
    else parseRequest(chunk);
  });
  server.on('data', (chunk) => {
    tally.bytesToClient += chunk.length;
    if (isLost('toClient')) return;
    if (opaque) toClient.push(chunk, policy.replyDelayMs());
    else parseReply(chunk);
  });
  const closed = (side: keyof typeof gone): void => {
    gone[side] = true;
    if (gone.client && gone.server) policy.onClose(connection);
  };
  client.on('close', () => {
    closed('client');
    // What the client sent before it went away still arrives, as it would on a real network.
    if (!isLost('toServer')) toServer.finish(() => server.end());
  });
  server.on('close', () => {
    closed('server');
    // In a silence the client does not hear of the end either.
    if (!isLost('toClient'))
      toClient.finish(() => (server.errored === null ? client.end() : reset()));
  });
  for (const socket of [client, server]) socket.on('error', () => {});

  const connection: ProxyConnection = {
    get damaged() {
      return lost.toServer || lost.toClient;
    },
    reset,
  };
  return connection;
}

function toRequest(connection: number, value: RespValue): ProxyRequest | undefined {
  if (!Array.isArray(value)) return undefined;
  const [name, ...args] = value.filter((part) => Buffer.isBuffer(part));
  return name === undefined
    ? undefined
    : { command: name.toString('latin1').toUpperCase(), args, connection };
}

function isPush(frame: RespFrame, subscribed: boolean): boolean {
  if (frame.push) return true;
  if (!subscribed || !Array.isArray(frame.value)) return false;
  const [kind] = frame.value;
  return Buffer.isBuffer(kind) && PUBLISHED.test(kind.toString('latin1'));
}
