import { type RedisClient, type RedisPort, sendToPrimaries } from './port.js';

/** How a server keeps its data over a restart. */
export type Persistence =
  /** Snapshots without an append-only file: a crash loses the newest minutes, and brings back what they ended. */
  'snapshots' | 'append-only' | 'none' | 'unknown';

/** The settings of one primary that decide what it may forget. */
export interface ServerInfo {
  /** The value of `maxmemory-policy`, if the server reports it. */
  readonly evictionPolicy: string | undefined;
  readonly persistence: Persistence;
  /** The second in which the server was started. Epoch milliseconds of the server. */
  readonly startedAt: number | undefined;
}

/** The client whose servers are asked. */
export interface ServerInfoContext {
  readonly client: RedisClient;
  readonly port: RedisPort;
  /** A key that selects a primary if the client cannot address all of them. */
  readonly key: string;
  /** Bounds the wait for each node. */
  within(reply: Promise<unknown>): Promise<unknown>;
}

/** A reply of a healthy server that does not allow the command. */
const NOT_PERMITTED = /^(?:NOPERM|ERR)\b/;

/** True if the server is up and does not allow a command. */
export function isNotPermitted(error: unknown): boolean {
  return error instanceof Error && NOT_PERMITTED.test(error.message);
}

/** Returns the settings of every primary that responds. */
export async function readServerInfo(context: ServerInfoContext): Promise<readonly ServerInfo[]> {
  const { client, port, key, within } = context;
  const [infos, save] = await Promise.all([
    sendToPrimaries(client, port, { key, args: ['INFO'], within }),
    readSave(context),
  ]);
  return infos.map((info) => parseInfo(String(info), save));
}

/** Returns the snapshot rules; `undefined` if the server does not disclose them. */
async function readSave({
  client,
  port,
  key,
  within,
}: ServerInfoContext): Promise<string | undefined> {
  try {
    const args = ['CONFIG', 'GET', 'save'];
    const [reply] = await sendToPrimaries(client, port, { key, args, within });
    const values: readonly unknown[] = Array.isArray(reply)
      ? reply
      : reply instanceof Map
        ? [...reply].flat()
        : Object.entries(reply as object).flat();
    return values.length < 2 ? undefined : String(values[1]);
  } catch {
    // Managed services refuse CONFIG; INFO alone then decides.
    return undefined;
  }
}

function parseInfo(text: string, save: string | undefined): ServerInfo {
  const read = (name: string): string | undefined =>
    new RegExp(`^${name}:(\\S+)`, 'm').exec(text)?.[1];
  const uptime = Number(read('uptime_in_seconds') ?? Number.NaN);
  const now = Number(read('server_time_usec') ?? Number.NaN) / 1_000;
  // Both times of the server are in whole seconds, so that their difference is the second in which it was started.
  const startedAt = (Math.floor(now / 1_000) - uptime) * 1_000;
  return {
    evictionPolicy: read('maxmemory_policy'),
    persistence: readPersistence(read, save),
    startedAt: Number.isSafeInteger(startedAt) ? startedAt : undefined,
  };
}

function readPersistence(
  read: (name: string) => string | undefined,
  save: string | undefined,
): Persistence {
  const appendOnly = read('aof_enabled');
  if (appendOnly === undefined) return 'unknown';
  if (appendOnly === '1') return 'append-only';
  if (save !== undefined) return save === '' ? 'none' : 'snapshots';
  // Without the rules, a snapshot that was loaded or written shows that there are some.
  const hasSnapshots =
    Number(read('rdb_last_load_keys_loaded') ?? 0) > 0 ||
    Number(read('rdb_saves') ?? 0) > 0 ||
    Number(read('rdb_last_bgsave_time_sec') ?? -1) >= 0;
  return hasSnapshots ? 'snapshots' : 'unknown';
}
