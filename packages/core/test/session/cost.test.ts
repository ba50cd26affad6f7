import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AccessTokens } from '../../src/access-tokens.js';
import { createSessions, memoryStore, opaque, type SessionsOptions } from '../../src/index.js';
import type { SessionStore } from '../../src/store/index.js';

/** What does not depend on the machine's mood: how often something that costs is done. */
interface Cost {
  readonly hashes: number;
  readonly macs: number;
  readonly calls: readonly string[];
}

const CALLS = [
  'load',
  'loadRecord',
  'getCached',
  'insert',
  'replaceAuth',
  'replaceData',
  'remove',
] as const;

describe('what an operation costs', () => {
  let calls: string[];
  const hash = vi.spyOn(crypto, 'hash');
  const others = [vi.spyOn(crypto, 'createHmac'), vi.spyOn(crypto, 'createHash')];

  beforeEach(() => {
    calls = [];
    // The copies of the functions that modules have imported by name.
    syncBuiltinESMExports();
  });
  afterAll(() => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });

  async function costOf(work: () => Promise<unknown>): Promise<Cost> {
    calls = [];
    vi.clearAllMocks();
    await work();
    // A MAC is a hash of bytes, and a hash of that.
    const ofBytes = hash.mock.calls.filter(([, input]) => typeof input !== 'string').length;
    for (const spy of others) expect(spy).not.toHaveBeenCalled();
    return { hashes: hash.mock.calls.length - ofBytes, macs: ofBytes / 2, calls };
  }

  /** A store that says which of its methods are called; one without `getCached` is as far away as Redis. */
  function watch(store: SessionStore, isNear: boolean): SessionStore {
    const watched: Partial<Record<string, unknown>> = { ...store };
    for (const name of CALLS) {
      const method = store[name] as ((...given: unknown[]) => unknown) | undefined;
      if (method === undefined) continue;
      watched[name] = (...given: unknown[]) => {
        calls.push(name);
        return method.apply(store, given);
      };
    }
    if (!isNear) delete watched['getCached'];
    return watched as unknown as SessionStore;
  }

  const arrange = async (isNear: boolean, options: SessionsOptions = {}) => {
    const sessions = createSessions({
      clock: createFakeClock(),
      logger: silentLogger,
      store: watch(memoryStore(), isNear),
      ...options,
    });
    return { sessions, issued: await sessions.create({ subject: 'ada' }) };
  };

  it('verifying from memory: one hash, one look, nothing else', async () => {
    const { sessions, issued } = await arrange(true);
    await sessions.verify(issued.accessToken);
    await new Promise(setImmediate);
    const cost = await costOf(async () => sessions.verify(issued.accessToken));
    expect(cost).toEqual({ hashes: 1, macs: 0, calls: ['getCached'] });
  });

  it('verifying a token kind without a lookup key from memory: one lookup, no call', async () => {
    const open: AccessTokens['open'] = (context) => {
      const { lookupKey: _, ...port } = opaque().open(context);
      return port;
    };
    const { sessions, issued } = await arrange(true, { accessToken: { ...opaque(), open } });
    await sessions.verify(issued.accessToken);
    await new Promise(setImmediate);
    const cost = await costOf(async () => sessions.verify(issued.accessToken));
    expect(cost).toEqual({ hashes: 1, macs: 0, calls: ['getCached'] });
  });

  it('refusing a wrong secret of a session in memory: one look, and one call for the no', async () => {
    const { sessions, issued } = await arrange(true);
    const end = issued.accessToken.endsWith('AA') ? 'QA' : 'AA';
    const wrong = `${issued.accessToken.slice(0, -2)}${end}`;
    const cost = await costOf(async () => {
      expect(await sessions.verify(wrong)).toEqual({ ok: false, reason: 'unknown' });
    });
    expect(cost).toEqual({ hashes: 2, macs: 0, calls: ['getCached', 'load'] });
  });

  it('verifying from afar: one hash, one call', async () => {
    const { sessions, issued } = await arrange(false);
    await sessions.verify(issued.accessToken);
    await new Promise(setImmediate);
    const cost = await costOf(async () => sessions.verify(issued.accessToken));
    expect(cost).toEqual({ hashes: 1, macs: 0, calls: ['load'] });
  });

  it.each([
    ['nothing', undefined],
    ['too short', 'sat_short'],
    ['too long', `sat_${'A'.repeat(32)}.${'A'.repeat(44)}`],
    ['a refresh token’s kind', `srt_${'A'.repeat(32)}.${'A'.repeat(43)}`],
    ['a wrong letter in the secret', `sat_${'A'.repeat(32)}.${'A'.repeat(21)}!${'A'.repeat(21)}`],
    ['a wrong letter in the sid', `sat_${'A'.repeat(31)}*.${'A'.repeat(43)}`],
    ['a second spelling', `sat_${'A'.repeat(32)}.${'A'.repeat(42)}B`],
  ])('refusing what is malformed: no hash, and no call to the store: %s', async (_, token) => {
    const { sessions } = await arrange(false);
    const cost = await costOf(async () => {
      expect(await sessions.verify(token as string)).toEqual({ ok: false, reason: 'malformed' });
    });
    expect(cost).toEqual({ hashes: 0, macs: 0, calls: [] });
  });

  it('refusing a malformed secret of a session in memory: what the look finds, and no call', async () => {
    const { sessions, issued } = await arrange(true);
    const malformed = `${issued.accessToken.slice(0, -1)}!`;
    const cost = await costOf(async () => {
      expect(await sessions.verify(malformed)).toEqual({ ok: false, reason: 'malformed' });
    });
    expect(cost).toEqual({ hashes: 1, macs: 0, calls: ['getCached'] });
  });

  it('refreshing: a read and a write', async () => {
    const { sessions, issued } = await arrange(false);
    const cost = await costOf(() => sessions.refresh(issued.refreshToken));
    // Of the family and the secret that came, and of both secrets that go.
    expect(cost).toEqual({ hashes: 4, macs: 2, calls: ['load', 'replaceAuth'] });
  });

  it('signing in: one write, once the store’s time is known', async () => {
    const { sessions } = await arrange(false);
    const cost = await costOf(() => sessions.create({ subject: 'grace' }));
    // Of the subject, the family, and both secrets.
    expect(cost).toEqual({ hashes: 4, macs: 1, calls: ['insert'] });
  });

  it('signing out: one write', async () => {
    const { sessions, issued } = await arrange(false);
    const cost = await costOf(() => sessions.revoke(issued.session.sid));
    expect(cost).toEqual({ hashes: 0, macs: 0, calls: ['remove'] });
  });
});
