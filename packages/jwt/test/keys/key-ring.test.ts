import { setImmediate } from 'node:timers/promises';
import { createSessions } from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { decodeProtectedHeader } from 'jose';
import { describe, expect, it } from 'vitest';
import { scaled } from '../../../../test/fuzzing.js';
import { createKeySet, type JwtKey, jwt } from '../../src/index.js';
import { AUDIENCE, arrangeReader, freshKey, ISSUER, outcomeOf, tokenOf } from '../arrange.js';

/** Each is verified a hundred times; at full scale that is 10,000. */
const USERS = Math.max(20, scaled(100));

const OVERLAP = 900_000;

/** Tokens that live for a day, so that only the keys can end them. */
const LONG = { claims: { exp: createFakeClock().now() / 1_000 + 86_400 } };

async function arrange() {
  const [one, two, three] = [await freshKey('1'), await freshKey('2'), await freshKey('3')];
  const keys = createKeySet(one.key, two.key);
  const arranged = arrangeReader(keys, { overlap: OVERLAP });
  const outcome = async (token: string) => outcomeOf(await arranged.read(token));
  return { one, two, three, keys, ...arranged, outcome };
}

describe('a key ring', () => {
  it('signs with the first key, and verifies with all', async () => {
    const { one, two, three, ring, clock, outcome } = await arrange();
    expect(ring.signer(clock.now())).toBe(one.key);
    expect(await outcome(tokenOf(one))).toBe('accepted');
    expect(await outcome(tokenOf(two))).toBe('accepted');
    expect(await outcome(tokenOf(three))).toBe('unknown');
    expect(ring.publicKeys(clock.now()).map(({ kid }) => kid)).toEqual(['1', '2']);
  });

  it('keeps a key that has been rotated out for the overlap exactly, and not longer [jwt.rotated-keys]', async () => {
    const { one, two, keys, ring, clock, outcome } = await arrange();
    const token = tokenOf(one, LONG);
    expect(await outcome(token)).toBe('accepted');
    keys.rotate(two.key);
    const start = clock.now();
    expect(ring.signer(start)).toBe(two.key);
    clock.set(start + OVERLAP - 1);
    expect(await outcome(token)).toBe('accepted');
    expect(ring.publicKeys(clock.now()).map(({ kid }) => kid)).toEqual(['2', '1']);
    // It was remembered a moment ago, and is forgotten with its key.
    clock.set(start + OVERLAP);
    expect(await outcome(token)).toBe('unknown');
    expect(ring.publicKeys(clock.now()).map(({ kid }) => kid)).toEqual(['2']);
  });

  it('a key ring does not restart the overlap at a later change', async () => {
    const { one, two, three, keys, clock, outcome } = await arrange();
    const token = tokenOf(one, LONG);
    await outcome(token);
    keys.rotate(two.key);
    const start = clock.now();
    await outcome(token);
    clock.set(start + OVERLAP - 10);
    keys.rotate(three.key);
    expect(await outcome(token)).toBe('accepted');
    clock.set(start + OVERLAP);
    expect(await outcome(token)).toBe('unknown');
    expect(await outcome(tokenOf(two, LONG))).toBe('accepted');
    expect(await outcome(tokenOf(three, LONG))).toBe('accepted');
    clock.set(start + OVERLAP - 10 + OVERLAP);
    expect(await outcome(tokenOf(two, LONG))).toBe('unknown');
  });

  it('a key ring verifies with an added key without delay', async () => {
    const { three, keys, ring, clock, outcome } = await arrange();
    const token = tokenOf(three);
    expect(await outcome(token)).toBe('unknown');
    keys.add(three.key);
    expect(await outcome(token)).toBe('accepted');
    expect(ring.signer(clock.now()).kid).toBe('1');
  });

  it('a key ring forgets a revoked key without delay, in use or within its overlap', async () => {
    const { one, two, three, keys, outcome } = await arrange();
    keys.add(three.key);
    const [first, second] = [tokenOf(one, LONG), tokenOf(two, LONG)];
    expect([await outcome(first), await outcome(second)]).toEqual(['accepted', 'accepted']);
    keys.rotate(three.key);
    expect([await outcome(first), await outcome(second)]).toEqual(['accepted', 'accepted']);
    keys.revoke('1');
    expect([await outcome(first), await outcome(second)]).toEqual(['unknown', 'accepted']);
    keys.revoke('2');
    expect([await outcome(first), await outcome(second)]).toEqual(['unknown', 'unknown']);
    expect(await outcome(tokenOf(three))).toBe('accepted');
  });

  it('keeps a key that comes back', async () => {
    const { one, two, keys, clock, outcome } = await arrange();
    await outcome(tokenOf(one));
    keys.rotate(two.key);
    await outcome(tokenOf(one));
    keys.add(one.key);
    await outcome(tokenOf(one));
    clock.advance('2h');
    expect(await outcome(tokenOf(one, LONG))).toBe('accepted');
  });

  it('takes a new key of an old name for the only one of that name', async () => {
    const old = await freshKey('same');
    const now = await freshKey('same');
    let keys: readonly JwtKey[] = [old.key];
    const { read } = arrangeReader(() => keys);
    expect(outcomeOf(await read(tokenOf(old)))).toBe('accepted');
    keys = [now.key];
    expect(outcomeOf(await read(tokenOf(old)))).toBe('unknown');
    expect(outcomeOf(await read(tokenOf(now)))).toBe('accepted');
  });

  it('follows a function, and a list that is changed in its place', async () => {
    const [one, two] = [await freshKey('1'), await freshKey('2')];
    const list: JwtKey[] = [one.key];
    for (const source of [list, () => [...list]]) {
      list.splice(0, 2, one.key);
      const { read, ring, clock } = arrangeReader(source, { overlap: OVERLAP });
      expect(outcomeOf(await read(tokenOf(one, LONG)))).toBe('accepted');
      list.unshift(two.key);
      expect(ring.signer(clock.now())).toBe(two.key);
      list.pop();
      expect(outcomeOf(await read(tokenOf(one, LONG)))).toBe('accepted');
      clock.set(clock.now() + OVERLAP);
      expect(outcomeOf(await read(tokenOf(one, LONG)))).toBe('unknown');
      expect(outcomeOf(await read(tokenOf(two, LONG)))).toBe('accepted');
    }
  });

  it('does not change its version while nothing changes', async () => {
    const { one } = await arrange();
    const { ring } = arrangeReader(() => [one.key]);
    const version = ring.version(0);
    for (let at = 0; at < 1e12; at += 1e10) expect(ring.version(at)).toBe(version);
  });
});

describe('key rotation under load', () => {
  it(`refuses none of ${100 * USERS} verifications, and the old key is gone after the overlap`, async () => {
    const [one, two] = [await freshKey('1'), await freshKey('2')];
    const keys = createKeySet(one.key);
    const clock = createFakeClock();
    const sessions = createSessions({
      accessToken: jwt({
        keys,
        issuer: ISSUER,
        audience: AUDIENCE,
        revocation: 'none',
      }),
      accessTtl: '15m',
      clock,
      logger: silentLogger,
    });
    const tokens: string[] = [];
    for (let index = 0; index < USERS; index += 1) {
      tokens.push((await sessions.create({ subject: `user-${index}` })).accessToken);
    }
    const [before = ''] = tokens;
    let refused = 0;
    let done = 0;
    const kids = new Map<string, number>();
    const start = performance.now();
    for (let round = 0; round < 100; round += 1) {
      if (round === 40) keys.add(two.key);
      if (round === 50) keys.rotate(two.key);
      // One of the users refreshes while the others verify.
      const issuing = sessions.create({ subject: `later-${round}` });
      const answers = Array.from({ length: USERS }, async (_, index) => {
        const token = tokens[(index + round) % tokens.length] ?? '';
        const { kid = '' } = decodeProtectedHeader(token);
        const { ok } = await sessions.verify(token);
        kids.set(kid, (kids.get(kid) ?? 0) + 1);
        done += 1;
        if (!ok) refused += 1;
      });
      await setImmediate();
      tokens.push((await issuing).accessToken);
      tokens.shift();
      await Promise.all(answers);
      clock.advance('5s');
    }
    const took = performance.now() - start;
    expect({ refused, done }).toEqual({ refused: 0, done: 100 * USERS });
    expect(kids.get('2')).toBeGreaterThan(10 * USERS);
    clock.advance('16m');
    expect(await sessions.verify(before)).toEqual({ ok: false, reason: 'unknown' });
    process.stdout.write(
      `key rotation: ${done} verifications in ${took.toFixed(0)} ms, ${refused} refused, ${kids.get('1')} by the old key, ${kids.get('2')} by the new one\n`,
    );
    await sessions.close();
  }, 30_000);
});
