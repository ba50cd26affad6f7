import { createSessions, memoryStore, type Sessions } from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import {
  createStatelessSessions,
  generateKey,
  jwt,
  memoryDenylist,
  verifyOnly,
} from '../src/index.js';
import { NAMES } from './engines.js';

const REVOCATIONS = ['none', 'store', 'denylist'] as const;

/** One engine of each kind, with the same keys, issuer, audience, store and denylist. */
async function arrange() {
  const key = await generateKey();
  const common = { clock: createFakeClock(), logger: silentLogger };
  const store = memoryStore(common);
  const denylist = memoryDenylist(common);
  const signed = (revocation: (typeof REVOCATIONS)[number]) =>
    createSessions({
      ...common,
      store,
      accessToken: jwt({
        ...NAMES,
        keys: key,
        revocation,
        ...(revocation === 'denylist' ? { denylist } : {}),
      }),
    });
  const stateless = { ...common, ...NAMES, keys: key, ttl: '30d' } as const;
  const engines: Readonly<Record<string, Sessions>> = {
    opaque: createSessions({ ...common, store }),
    ...Object.fromEntries(REVOCATIONS.map((name) => [name, signed(name)])),
    stateless: createStatelessSessions(stateless),
    'stateless with a denylist': createStatelessSessions({ ...stateless, denylist }),
  };
  const reader = verifyOnly({
    ...common,
    ...NAMES,
    jwks: { keys: [{ ...key.publicJwk }] } as never,
  });
  return { engines, reader };
}

/** What may be accepted across kinds: engines whose tokens the same store knows, or that share a kind. */
const ACCEPTED: Readonly<Record<string, readonly string[]>> = {
  opaque: ['opaque'],
  none: ['none', 'store'],
  // Without the claims of a version, a denylist cannot say that a token is not denied.
  store: ['none', 'store'],
  denylist: ['none', 'store', 'denylist'],
  stateless: ['stateless'],
  'stateless with a denylist': ['stateless', 'stateless with a denylist'],
};

describe('engines with the same keys, issuer and audience', () => {
  it('accept the tokens of their own kind only (RFC 8725, section 3.12)', async () => {
    const { engines } = await arrange();
    const accepted: Record<string, string[]> = {};
    for (const [issuer, issuing] of Object.entries(engines)) {
      const { accessToken } = await issuing.create({ subject: 'ada' });
      accepted[issuer] = [];
      for (const [name, engine] of Object.entries(engines)) {
        if ((await engine.verify(accessToken)).ok) accepted[issuer].push(name);
      }
    }
    expect(accepted).toEqual(ACCEPTED);
  });

  it('neither refresh, end nor read by a token of the other kind', async () => {
    const { engines } = await arrange();
    for (const [issuer, issuing] of Object.entries(engines)) {
      for (const [name, engine] of Object.entries(engines)) {
        if (issuer.startsWith('stateless') === name.startsWith('stateless')) continue;
        const issued = await issuing.create({ subject: 'ada' });
        for (const token of [issued.accessToken, issued.refreshToken]) {
          expect(await engine.refresh(token)).toMatchObject({ ok: false });
          expect(await engine.end({ accessToken: token, refreshToken: token })).toBe(false);
        }
        expect(await issuing.verify(issued.accessToken)).toMatchObject({ ok: true });
      }
    }
  });

  it('verify every signed token where nothing else can be done with it', async () => {
    const { engines, reader } = await arrange();
    for (const [name, engine] of Object.entries(engines)) {
      const { accessToken } = await engine.create({ subject: 'ada' });
      expect([name, (await reader.verify(accessToken)).ok]).toEqual([name, name !== 'opaque']);
    }
  });
});
