import { createSessions } from '@sess/core';
import { describe, expect, it } from 'vitest';
import {
  createKeySet,
  createStatelessSessions,
  importJwk,
  type JwtKey,
  jwt,
  secretKey,
} from '../../src/index.js';
import type { Keys } from '../../src/keys/key-set.js';
import { AUDIENCE, freshKey, ISSUER, testKey } from '../arrange.js';

const INVALID = expect.objectContaining({ name: 'UsageError', code: 'invalid_option' });
const SECRET = 'a secret of at least thirty-two bytes';

const kidsOf = ({ keys }: { keys: readonly JwtKey[] }) => keys.map(({ kid }) => kid);

/** Both kinds of engines, with these keys. */
function useKeys(keys: Keys): void {
  const common = { keys, issuer: ISSUER, audience: AUDIENCE };
  createSessions({ accessToken: jwt({ ...common, revocation: 'none' }) });
  createStatelessSessions(common);
}

describe('a key set', () => {
  it('adds keys last, and signs with the first', async () => {
    const [one, two, three] = [await freshKey('1'), await freshKey('2'), await freshKey('3')];
    const set = createKeySet(one.key, two.key);
    set.add(three.key);
    expect(kidsOf(set)).toEqual(['1', '2', '3']);
    expect(Object.isFrozen(set.keys)).toBe(true);
  });

  it('rotates to a key, which need not have been added, and drops the one that signed', async () => {
    const [one, two, three] = [await freshKey('1'), await freshKey('2'), await freshKey('3')];
    const set = createKeySet(one.key, two.key);
    set.rotate(two.key);
    expect(kidsOf(set)).toEqual(['2']);
    set.rotate(three.key);
    expect(kidsOf(set)).toEqual(['3']);
    set.rotate(three.key);
    expect(kidsOf(set)).toEqual(['3']);
  });

  it('forgets a key, but not the last one, nor the key that would have to sign', async () => {
    const [one, two] = [await freshKey('1'), await freshKey('2')];
    const set = createKeySet(one.key, two.key);
    set.revoke('1');
    expect(kidsOf(set)).toEqual(['2']);
    expect(() => set.revoke('2')).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
    expect(kidsOf(set)).toEqual(['2']);
  });

  it('stays as it is when a change is refused', async () => {
    const one = await freshKey('1');
    const set = createKeySet(one.key);
    const same = await freshKey('1');
    expect(() => set.add(same.key)).toThrow(INVALID);
    expect(() => set.add(secretKey(SECRET))).toThrow(INVALID);
    expect(() => set.add(undefined as unknown as JwtKey)).toThrow(INVALID);
    expect(() => set.rotate({ kid: 'x' } as JwtKey)).toThrow(INVALID);
    expect(kidsOf(set)).toEqual(['1']);
  });

  it('has no key that can only verify in first place', async () => {
    const pair = await freshKey('pair');
    const open = await importJwk({ ...pair.key.publicJwk, kid: 'open' });
    expect(() => createKeySet(open)).toThrow(INVALID);
    expect(kidsOf(createKeySet(pair.key, open))).toEqual(['pair', 'open']);
    const set = createKeySet(pair.key);
    expect(() => set.rotate(open)).toThrow(INVALID);
    set.add(open);
    expect(() => set.revoke('pair')).toThrow(INVALID);
    expect(kidsOf(set)).toEqual(['pair', 'open']);
    expect(() => useKeys(open)).toThrow(INVALID);
  });
});

describe('the option keys', () => {
  it('takes a set, a key, a list, a function and a secret', async () => {
    const { key } = await testKey('ES256');
    for (const keys of [createKeySet(key), key, [key], () => [key], SECRET]) {
      expect(() => useKeys(keys)).not.toThrow();
    }
  });

  it('refuses secrets and key pairs in one set [jwt.mixed]', async () => {
    const [secret, pair] = [secretKey(SECRET), (await testKey('ES256')).key];
    for (const keys of [[secret, pair], [pair, secret], () => [pair, secret]]) {
      expect(() => useKeys(keys)).toThrow(INVALID);
    }
    expect(() => createKeySet(secret, pair)).toThrow(INVALID);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['an empty list', []],
    ['a function of nothing', () => []],
    ['a function of something else', () => 'key'],
    ['what only looks like a key', { kid: 'a', alg: 'ES256', sign() {}, verify: () => true }],
    ['a list of such', [{ kid: 'a', alg: 'ES256' }]],
    ['what only looks like a set', { keys: [], rotate() {} }],
    ['a JWK', { kty: 'oct', k: 'A'.repeat(43) }],
    ['a short secret', 'x'.repeat(31)],
    ['an empty secret', ''],
    ['a public key in text', '-----BEGIN PUBLIC KEY-----'.padEnd(200, 'A')],
  ])('refuses %s', (_name, keys) => {
    expect(() => useKeys(keys as unknown as Keys)).toThrow(INVALID);
  });

  it('refuses two keys of one name', async () => {
    const [one, two] = [await freshKey('same'), await freshKey('same')];
    expect(() => useKeys([one.key, two.key])).toThrow(INVALID);
  });
});
