import { randomBytes } from 'node:crypto';
import type { Logger } from '@sess/core';
import { systemClock, withTimeout } from '@sess/core/internal';
import type { CommandSender } from '../client/command-sender.js';
import type { RedisClient, RedisPort } from '../client/port.js';
import type { RunScript } from '../client/run-script.js';
import { readServerInfo } from '../client/server-info.js';
import { INSERT } from './lua/insert.js';
import { LOAD } from './lua/read.js';

/** The store that is checked. */
export interface ReadyCheckContext {
  readonly client: RedisClient;
  readonly port: RedisPort;
  readonly sender: CommandSender;
  readonly runScript: RunScript;
  readonly keyPrefix: string;
  /** Milliseconds. */
  readonly timeout: number;
}

/** The checks behind `store.ready()`. */
export interface ReadyCheck {
  /** Rejects if a sign-in would fail: no scripts, no right to write, a replica, a full server, too few replicas. */
  assertWritable(): Promise<void>;
  /** Logs each risk of the server once: eviction, snapshots alone, foreign keys under the prefix. */
  warnOfRisks(logger: Logger | undefined): Promise<void>;
}

/** Milliseconds that the probe lives if its deletion fails. */
const PROBE_TTL_MS = 60_000;
const SCAN_COUNT = 500;

/** Creates the checks of one store. */
export function createReadyCheck(context: ReadyCheckContext): ReadyCheck {
  const { client, port, sender, runScript, keyPrefix, timeout } = context;
  // Longer than a tag, so that no session has this key.
  const key = `${keyPrefix}~ready:${randomBytes(9).toString('base64url')}`;
  let hasWarned = false;

  const within = (reply: Promise<unknown>): Promise<unknown> =>
    withTimeout(reply, {
      clock: systemClock,
      milliseconds: timeout / 2,
      createError: () => new Error('INFO timed out'),
    });

  /** Returns a key under the prefix that this package does not write. */
  async function findForeignKey(): Promise<boolean> {
    const args = ['SCAN', '0', 'MATCH', `${keyPrefix}*`, 'COUNT', String(SCAN_COUNT)];
    const reply = await within(port.send(key, true, args));
    const keys = Array.isArray(reply) && Array.isArray(reply[1]) ? reply[1].map(String) : [];
    return keys.some((found) => isForeign(found, keyPrefix));
  }

  return {
    async assertWritable() {
      const field = randomBytes(12).toString('base64url');
      const loaded = await runScript({
        script: LOAD,
        keys: [key],
        args: [field],
        isReadOnly: true,
      });
      const now = Array.isArray(loaded) ? Number(loaded[0]) * 1_000 : Number.NaN;
      // The shortest value that the insert script accepts as a session.
      const value = `1:1:1:0:${now + PROBE_TTL_MS}:0:2:[][]`;
      // The server's seconds are rounded down.
      const notAfter = now + 1_000 + timeout;
      const args = [field, value, 0, 1, 'evict-oldest', field, notAfter, '', ''];
      const reply = await runScript({ script: INSERT, keys: [key], args, isReadOnly: false });
      if (!Array.isArray(reply) || String(reply[0]) !== 'inserted') {
        throw new Error('Redis: expected the reply of a script, got another value.');
      }
      await sender.send(key, false, ['UNLINK', key]);
    },
    async warnOfRisks(logger) {
      if (hasWarned || logger === undefined) return;
      hasWarned = true;
      // A server that does not allow these questions is not worse for it.
      const infos = await readServerInfo({ client, port, key, within }).catch(() => []);
      const evicting = infos.find(
        ({ evictionPolicy }) => evictionPolicy !== undefined && evictionPolicy !== 'noeviction',
      );
      if (evicting !== undefined) {
        logger.warn(
          { policy: evicting.evictionPolicy },
          'this Redis evicts keys when it is full, and signs users out by that. Set maxmemory-policy to noeviction',
        );
      }
      if (infos.some(({ persistence }) => persistence === 'snapshots')) {
        logger.warn(
          {},
          'this Redis is persistent by snapshots (RDB) alone: a crash brings back sessions that were revoked since the last one. Set appendonly to yes',
        );
      }
      if (await findForeignKey().catch(() => false)) {
        logger.warn(
          { keyPrefix },
          'other keys of this Redis begin with the prefix of the session store. Choose a keyPrefix that no other program uses',
        );
      }
    },
  };
}

/** True if the part behind the prefix is no tag, and no name of a part of this package. */
function isForeign(key: string, keyPrefix: string): boolean {
  const start = key.indexOf(keyPrefix);
  const rest = key.slice(start + keyPrefix.length);
  return !/^(?:[\w-]{16}$|~|deny:)/.test(rest);
}
