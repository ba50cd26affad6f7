import type { Logger } from '@sess/core';
import type { DeniableToken, Denylist } from '@sess/core/store';
import { failFast, type RedisClient, type RedisDenylistOptions, redisDenylist } from '@sess/redis';
import {
  type RedisServer,
  requireServer,
  sleep,
  startRedisServer,
  until,
} from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import type { DenylistHarness } from '@sess/testkit/suites';
import { Redis, type RedisOptions } from 'ioredis';
import { inject, onTestFinished } from 'vitest';
import { createRecord, tagFor } from '../../../../test/kit.js';
import { createPort } from '../../src/client/port.js';
import type { OpenClient } from '../clients.js';

/** Milliseconds: longer than any test. */
export const LIFE = 600_000;
export const ADA: string = tagFor('ada');

export const clock = { now: (): number => Date.now() };

let names = 0;

export function createName(): string {
  names += 1;
  return `name-${process.pid}-${names}`;
}

/** A denylist as an engine would use it, with what it does by the way made short. */
export interface OpenDenylist {
  readonly denylist: Denylist;
  issue(subject?: string, sid?: string): Promise<DeniableToken>;
  isDenied(token: DeniableToken): Promise<boolean>;
  deny(token: DeniableToken): Promise<void>;
  denyAll(subject?: string, except?: string): Promise<void>;
  /** Whether memory says that it is good. */
  isKnownGood(token: DeniableToken): boolean;
  /** Asks until memory knows it. */
  cached(token: DeniableToken): Promise<void>;
}

export function openDenylist(
  client: RedisClient,
  options: RedisDenylistOptions = {},
  logger: Logger = silentLogger,
): OpenDenylist {
  const denylist = redisDenylist(client, options);
  denylist.open?.({ clock, logger });
  const isDenied = (token: DeniableToken): Promise<boolean> => denylist.isDenied(token, Date.now());
  const isKnownGood = (token: DeniableToken): boolean =>
    denylist.isKnownValid?.(token, Date.now()) === true;
  return {
    denylist,
    isDenied,
    isKnownGood,
    async issue(subject = 'ada', sid = createRecord({ now: 0, subject }).sid) {
      const version = await denylist.currentVersion(sid.slice(0, 16), LIFE);
      return { sid, jti: createName(), version };
    },
    deny: ({ sid, jti }) => denylist.deny(sid.slice(0, 16), [{ kind: 'token', id: jti }], LIFE),
    denyAll: (subject = 'ada', except) =>
      denylist.denyAll(tagFor(subject), {
        operation: createName(),
        ttlMs: LIFE,
        ...(except === undefined ? {} : { except }),
      }),
    async cached(token) {
      await until(
        async () => {
          await isDenied(token);
          return isKnownGood(token);
        },
        { what: 'the token to be known from memory', timeoutMs: 20_000 },
      );
    },
  };
}

let run = 0;

/** A denylist for the suite, under a prefix of its own: the server may be shared. */
export async function makeDenylist(
  { client, close }: OpenClient,
  nearCache: boolean,
): Promise<DenylistHarness> {
  run += 1;
  const keyPrefix = `deny-${process.pid}-${run}:`;
  const { denylist, issue, cached } = openDenylist(client, { keyPrefix, nearCache });
  // With the near cache up: else the suite would test the denylist beneath once more.
  if (nearCache) await cached(await issue('somebody else'));
  const port = createPort(client);
  return {
    denylist,
    now: clock.now,
    passTime: sleep,
    async lose() {
      for (const subject of ['ada', 'bob']) {
        const key = `${keyPrefix}deny:${tagFor(subject)}`;
        await port.send(key, false, ['DEL', key]);
      }
    },
    async countDenials(tag) {
      const key = `${keyPrefix}deny:${tag}`;
      const fields = (await port.send(key, true, ['HKEYS', key])) as readonly string[];
      return fields.filter((field) => /^[js]/.test(field)).length;
    },
    async close() {
      await denylist.close();
      await close();
    },
  };
}

/** A server of the test's own. */
export async function useServer(
  config: Readonly<Record<string, string>> = {},
): Promise<RedisServer> {
  const server = await startRedisServer({ binary: requireServer(inject('servers').redis), config });
  onTestFinished(() => server.stop());
  return server;
}

/** An ioredis client that is closed with the test, connected. */
export async function useRedis(
  url: string,
  options: RedisOptions & { replyMapping?: never } = failFast,
): Promise<Redis> {
  const client = new Redis(url, options);
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  await until(() => client.status === 'ready', { what: 'the client' });
  return client;
}
