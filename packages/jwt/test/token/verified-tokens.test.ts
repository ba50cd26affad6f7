import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import { silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { createKeySet, type JwtKey } from '../../src/index.js';
import type { VerifyingKey } from '../../src/token/reader.js';
import { createReader, createVerifiedTokens, type VerifiedToken } from '../../src/token/reader.js';
import {
  AUDIENCE,
  arrangeReader,
  freshKey,
  ISSUER,
  outcomeOf,
  testKey,
  tokenOf,
} from '../arrange.js';

/** A reader that counts the signatures it checks. */
function arrangeCounting(key: JwtKey) {
  let checks = 0;
  let version = 0;
  const counting: VerifyingKey = {
    alg: key.alg,
    verify: (token) => {
      checks += 1;
      return key.verify(token);
    },
  };
  const read = createReader({
    findKey: () => counting,
    version: () => version,
    expected: { issuer: ISSUER, audiences: [AUDIENCE], required: [] },
    findForeignClaim: () => undefined,
    leeway: 0,
    logger: silentLogger,
    verified: createVerifiedTokens(10),
  });
  const at = arrangeReader(key).clock.now();
  return {
    read: async (token: string) => read(token, at),
    checks: () => checks,
    changeKeys: () => {
      version += 1;
    },
  };
}

describe('verified tokens', () => {
  it('are verified once, until the keys change', async () => {
    const by = await testKey('ES256');
    const { read, checks, changeKeys } = arrangeCounting(by.key);
    const token = tokenOf(by);
    for (let time = 0; time < 5; time += 1) expect(outcomeOf(await read(token))).toBe('accepted');
    expect(checks()).toBe(1);
    changeKeys();
    expect(outcomeOf(await read(token))).toBe('accepted');
    expect(checks()).toBe(2);
  });

  it('are only those that were accepted', async () => {
    const by = await testKey('ES256');
    const { read, checks } = arrangeCounting(by.key);
    const stranger = tokenOf(await freshKey(by.kid));
    const expired = tokenOf(by, { claims: { exp: 1 } });
    const foreign = tokenOf(by, { claims: { aud: 'x' } });
    for (const token of [stranger, expired, foreign, stranger, expired, foreign]) {
      expect((await read(token)).ok).toBe(false);
    }
    expect(checks()).toBe(6);
  });

  it('are forgotten with a key that is revoked, also one that was being verified at that moment', async () => {
    const [leaked, other] = [await freshKey('leaked'), await freshKey('other')];
    const keys = createKeySet(other.key, leaked.key);
    const { read } = arrangeReader(keys);
    const token = tokenOf(leaked);
    const underWay = read(token);
    keys.revoke('leaked');
    // Whoever reads first after the change empties the memory; what was under way must not get in after that.
    expect(outcomeOf(await read(tokenOf(other)))).toBe('accepted');
    await underWay;
    await setImmediate();
    expect(outcomeOf(await read(token))).toBe('unknown');
  });

  it('are as many as were allowed, and those in use stay', () => {
    const tokens = createVerifiedTokens(10);
    const [used, newest] = [{} as VerifiedToken, {} as VerifiedToken];
    tokens.set('in use', used);
    for (let index = 0; index < 1_000; index += 1) {
      expect(tokens.get('in use')).toBe(used);
      tokens.set(`token ${index}`, newest);
    }
    const kept = Array.from({ length: 1_000 }, (_, index) => tokens.get(`token ${index}`));
    expect(kept.filter((value) => value !== undefined)).toHaveLength(9);
    expect(tokens.get('token 999')).toBe(newest);
  });

  it('take at most 16 MiB, counted by the size of their tokens', () => {
    const tokens = createVerifiedTokens();
    const value = {} as VerifiedToken;
    const largest = 'x'.repeat(8_192);
    for (let index = 0; index < 3_000; index += 1) tokens.set(`${index}${largest}`, value);
    const kept = Array.from({ length: 3_000 }, (_, index) => tokens.get(`${index}${largest}`));
    const count = kept.filter((entry) => entry !== undefined).length;
    expect(count).toBeGreaterThan(1_500);
    expect(count).toBeLessThan(2_000);
  });

  it('are kept by a digest, so that none can be read out of memory [tokens.stored]', async () => {
    const seen: unknown[] = [];
    const original = Map.prototype.set;
    Map.prototype.set = function spy(this: Map<unknown, unknown>, key: unknown, value: unknown) {
      seen.push(key, value);
      return original.call(this, key, value);
    };
    const token = tokenOf(await testKey('HS256'));
    try {
      createVerifiedTokens(10).set(token, {} as VerifiedToken);
    } finally {
      Map.prototype.set = original;
    }
    expect(seen).toHaveLength(2);
    expect(inspect(seen, { depth: 9 })).not.toContain(token.slice(-20));
  });
});
