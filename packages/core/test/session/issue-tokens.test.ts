import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AccessGrant } from '../../src/access-tokens.js';
import type { EngineContext } from '../../src/session/context.js';
import { createTokenFamily, issueTokens } from '../../src/session/issue-tokens.js';
import { signIn, withAuth } from './decisions.js';

const AT = 1_000_000;
const POLICY = { accessTtl: 900, idleTtl: 5_000, absoluteTtl: 20_000 };

/** Bytes that tell each other apart: each draw is filled with its size. */
const born = (policy: Partial<typeof POLICY> = {}) =>
  createTokenFamily({
    at: AT,
    policy: { ...POLICY, ...policy },
    random: (size) => new Uint8Array(size).fill(size),
  });

const bytes = (size: number) => Buffer.alloc(size, size);
const digestOf = (text: string) =>
  createHash('sha256').update(text).digest('base64url').slice(0, 22);

describe('the first tokens of a session', () => {
  it('are made of 12, 32 and 16 random bytes, and of nothing before', () => {
    const { family, generation, refreshSecret, accessSecret } = born();
    expect(family).toBe(bytes(12).toString('base64url'));
    expect(refreshSecret).toBe(bytes(32).toString('base64url'));
    expect(generation).toBe(0);
    const label = Buffer.concat([Buffer.from('access'), Buffer.alloc(4)]);
    const expected = createHmac('sha256', bytes(32)).update(bytes(16)).update(label);
    expect(accessSecret).toBe(expected.digest('base64url'));
  });

  it('are kept as digests, with the salt that the access token can be made of again', () => {
    const { auth, family, refreshSecret, accessSecret } = born();
    expect(auth).toEqual({
      expiresAt: AT + 5_000,
      absoluteExpiresAt: AT + 20_000,
      authenticatedAt: AT,
      lastUsedAt: AT,
      generation: 0,
      family: digestOf(family),
      refresh: digestOf(refreshSecret),
      access: [{ digest: digestOf(accessSecret), expiresAt: AT + 900 }],
      steps: [{ salt: bytes(16).toString('base64url') }],
      accessCount: 0,
      acknowledged: true,
      replayed: false,
    });
  });

  it('end with the session, and the session at its absolute end at the latest', () => {
    const { auth } = born({ idleTtl: 30_000, accessTtl: 40_000 });
    expect(auth.expiresAt).toBe(AT + 20_000);
    expect(auth.access[0]?.expiresAt).toBe(AT + 20_000);
  });
});

describe('what a token is issued for', () => {
  /** The grant of an access token that ends so many milliseconds after the last use, in a session that ends after 20,000. */
  function grant(end: number) {
    const grants: AccessGrant[] = [];
    const state = withAuth(signIn(), {
      lastUsedAt: AT,
      expiresAt: AT + 20_000,
      access: [{ digest: 'digest', expiresAt: AT + end }],
    });
    const context = {
      settings: POLICY,
      tokens: {
        issue: (given: AccessGrant) => {
          grants.push(given);
          return 'token';
        },
      },
    } as unknown as EngineContext;
    const { family, generation } = state.token;
    const issued = issueTokens(context, {
      record: state.record,
      family,
      generation,
      refreshSecret: 'refresh',
      accessSecret: 'access',
      at: AT + 4_000,
    });
    return { issued, grant: grants[0] };
  }

  it('names the moment that lies the lifetime of an access token before its end', () => {
    for (const end of [900, 5_000, 19_999]) {
      const { issued, grant: given } = grant(end);
      expect(given).toMatchObject({ issuedAt: AT + end - POLICY.accessTtl, expiresAt: AT + end });
      expect(issued).toMatchObject({ accessToken: 'token', issuedAt: AT + 4_000 });
    }
  });

  it('names the last use where the end of the session cut the token', () => {
    for (const end of [20_000, 20_001])
      expect(grant(end).grant).toMatchObject({ issuedAt: AT, expiresAt: AT + end });
  });
});
