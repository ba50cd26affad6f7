import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createRespParser, RespError, type RespValue } from './resp-parser.js';

/** A reply with all strings as text. An error inside an array (of EXEC, say) stays in its place. */
export type RespReply = string | number | null | RespError | readonly RespReply[];

/** Where a server listens. */
export interface RespTarget {
  readonly host: string;
  readonly port: number;
  /** Default false; what is started here speaks plain TCP only. */
  readonly tls?: boolean | undefined;
}

/** One connection that sends commands in order; for health checks and for setting servers up. */
export interface RespConnection {
  /**
   * Sends one command and resolves with its reply.
   * @throws RespError when the server answers with an error; Error when the connection ends or the
   *   time is up.
   */
  command(...args: readonly (string | number)[]): Promise<RespReply>;
  /** Ends the connection; commands that wait are rejected. */
  close(): void;
}

interface Waiting {
  readonly resolve: (reply: RespReply) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Connects to a server. Commands sent before the connection stands wait for it.
 *
 * @param timeoutMs after that long without any byte while a command waits, the connection is given
 *   up: a stopped process accepts connections and never answers.
 */
export function connectResp(target: RespTarget, timeoutMs = 2_000): RespConnection {
  const waiting: Waiting[] = [];
  const socket = open(target);
  const fail = (error: Error): void => {
    for (const one of waiting.splice(0)) one.reject(error);
    socket.destroy();
  };
  const parse = createRespParser((frame) => {
    if (frame.push) return;
    const reply = toReply(frame.value);
    const next = waiting.shift();
    if (reply instanceof RespError) next?.reject(reply);
    else next?.resolve(reply);
  });
  socket.setTimeout(timeoutMs);
  socket.on('data', parse);
  socket.on('error', fail);
  socket.on('close', () => fail(new Error(`${target.host}:${target.port} closed the connection`)));
  socket.on('timeout', () => {
    if (waiting.length > 0)
      fail(new Error(`${target.host}:${target.port} gave no answer in ${timeoutMs} ms`));
  });
  return {
    command: (...args) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed)
          return reject(new Error(`${target.host}:${target.port}: connection is closed`));
        waiting.push({ resolve, reject });
        socket.write(encodeCommand(args));
      }),
    close: () => void socket.destroy(),
  };
}

/**
 * Sends one command on a connection of its own.
 * @throws as {@link RespConnection.command} does.
 */
export async function ask(
  target: RespTarget,
  ...args: readonly (string | number)[]
): Promise<RespReply> {
  const connection = connectResp(target);
  try {
    return await connection.command(...args);
  } finally {
    connection.close();
  }
}

/** As {@link ask}, for a reply that is text. @throws also TypeError when it is not. */
export async function askText(
  target: RespTarget,
  ...args: readonly (string | number)[]
): Promise<string> {
  const reply = await ask(target, ...args);
  if (typeof reply !== 'string') throw new TypeError(`${args.join(' ')}: the reply is not text`);
  return reply;
}

/** The fields of an INFO-like text (`name:value` a line), empty when there are none. */
export async function askFields(
  target: RespTarget,
  ...args: readonly string[]
): Promise<ReadonlyMap<string, string>> {
  const fields = new Map<string, string>();
  for (const line of (await askText(target, ...args)).split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

function open({ host, port, tls = false }: RespTarget): Socket {
  if (!tls) return connect({ host, port, noDelay: true });
  // SNI takes names only.
  return connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}) });
}

function encodeCommand(args: readonly (string | number)[]): Buffer {
  const parts = args.map((arg) => `$${Buffer.byteLength(String(arg))}\r\n${arg}\r\n`);
  return Buffer.from(`*${args.length}\r\n${parts.join('')}`);
}

function toReply(value: RespValue): RespReply {
  if (Buffer.isBuffer(value)) return value.toString();
  return Array.isArray(value)
    ? value.map(toReply)
    : (value as Exclude<RespValue, Buffer | readonly RespValue[]>);
}
