import {
  createSessions,
  type Issued,
  type RefreshResult,
  type Sessions,
  type SessionsOptions,
  StoreUnavailableError,
} from '@sess/core';
import type { SessionRecord } from '@sess/core/store';
import { failFast, type RedisClient, type RedisStoreOptions, redisStore } from '@sess/redis';
import {
  type RedisServer,
  type RespReply,
  requireServer,
  startRedisServer,
} from '@sess/test-servers';
import { createMemoryLogger, silentLogger } from '@sess/testkit';
import { Redis, type RedisOptions } from 'ioredis';
import { inject, type TestContext } from 'vitest';
import { tagFor } from '../../../../test/kit.js';
import { decodeRecord } from '../../src/store/codec.js';

/** What ends things with the test, which a concurrent test has to be given. */
export type OnFinished = TestContext['onTestFinished'];

/** An engine, and what it told its listeners. */
export interface Engine {
  readonly sessions: Sessions;
  /** Events as `name` or `name:cause`, in order. */
  readonly heard: readonly string[];
  readonly errors: () => number;
}

/** A server of the test's own. */
export async function useServer(
  onFinished: OnFinished,
  config: Readonly<Record<string, string>> = {},
): Promise<RedisServer> {
  const server = await startRedisServer({ binary: requireServer(inject('servers').redis), config });
  onFinished(() => server.stop());
  return server;
}

/** An ioredis client that is closed with the test; it need not be connected yet. */
export function useRedis(
  onFinished: OnFinished,
  url: string,
  options: RedisOptions & { replyMapping?: never } = failFast,
): Redis {
  const client = new Redis(url, options);
  client.on('error', () => {});
  onFinished(() => client.disconnect());
  return client;
}

/** An engine on a Redis store, as one process of an application has it. */
export function createEngine(
  client: RedisClient,
  given: { readonly engine?: SessionsOptions; readonly store?: RedisStoreOptions } = {},
): Engine {
  const heard: string[] = [];
  const logger = createMemoryLogger();
  const sessions = createSessions({
    store: redisStore(client, given.store),
    logger,
    ...given.engine,
  });
  for (const name of ['created', 'refreshed', 'rejected'] as const) {
    sessions.on(name, () => void heard.push(name));
  }
  // A newer generation than the store's is forged, or the store lost writes: the event names both.
  sessions.on('reuse', ({ alternative }) => {
    heard.push(alternative === undefined ? 'reuse' : `reuse or ${alternative}`);
  });
  sessions.on('revoked', ({ cause }) => void heard.push(`revoked:${cause}`));
  return {
    sessions,
    heard,
    errors: () => logger.lines.filter(({ level }) => level === 'error').length,
  };
}

/** An engine of another process on the same server, whose connection nothing happens to. */
export async function useNeighbour(onFinished: OnFinished, server: RedisServer): Promise<Sessions> {
  const store = redisStore(useRedis(onFinished, server.url));
  const sessions = createSessions({ store, logger: silentLogger });
  await sessions.ready();
  return sessions;
}

/** How a call ended that may fail, but in one way only. */
export type Attempt<Value> = { readonly took: number } & (
  | { readonly answered: true; readonly value: Value }
  | { readonly answered: false }
);

/** @throws what the call threw, unless that is a StoreUnavailableError */
export async function attempt<Value>(call: () => Promise<Value>): Promise<Attempt<Value>> {
  const began = performance.now();
  try {
    const value = await call();
    return { answered: true, value, took: performance.now() - began };
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    return { answered: false, took: performance.now() - began };
  }
}

/** Unwraps a refresh that has to have worked. */
export function accepted(result: RefreshResult): Issued {
  if (!result.ok) throw new Error(`the refresh was rejected: ${result.reason}`);
  return result;
}

/** The key of a subject under the default prefix, and the field of a session in it. */
export function placeOf(
  subject: string,
  sid = '',
): { readonly key: string; readonly field: string } {
  return { key: `sess:${tagFor(subject)}`, field: sid.slice(16) };
}

/** The record as it stands on the server. */
export async function readRecord(
  server: RedisServer,
  sid: string,
): Promise<SessionRecord | undefined> {
  const value = await server.command('HGET', `sess:${sid.slice(0, 16)}`, sid.slice(16));
  return typeof value === 'string' ? decodeRecord(sid, value) : undefined;
}

/** Everything on the server: fields and values by key. */
export async function dump(server: RedisServer): Promise<ReadonlyMap<string, RespReply>> {
  const keys = await server.command('KEYS', '*');
  const all = new Map<string, RespReply>();
  for (const key of Array.isArray(keys) ? keys.map(String).sort() : []) {
    // A health check writes a key of its own and deletes it: no session is in it.
    if (!key.includes('~ready:')) all.set(key, await server.command('HGETALL', key));
  }
  return all;
}

/** Does everything once, so that the server has every script. */
export async function warmUp(sessions: Sessions): Promise<void> {
  const { session, refreshToken } = await sessions.create({ subject: 'warm-up' });
  accepted(await sessions.refresh(refreshToken));
  await sessions.update(session.sid, { a: 1 });
  await sessions.list('warm-up');
  await sessions.revoke(session.sid);
  await sessions.revokeAll('warm-up');
}
