import { type AccessTokens, InvalidDataError } from '@sess/core';
import type { AccessGrant, AccessTokenContext } from '@sess/core/internal';
import type { Denylist } from '@sess/core/store';
import { createFaultyDenylist } from '@sess/testkit';
import type { FaultyDenylist } from '../../../../test/kit.js';
import { createClaimsVerifier } from '../../src/denylist/claims-verifier.js';
import { createDenylistClient } from '../../src/denylist/denylist-client.js';
import { attachDenylist } from '../../src/denylist/revoking-store.js';
import { memoryDenylist } from '../../src/index.js';
import type { TokenReading } from '../../src/token/reader.js';

export interface FakeTokens extends AccessTokens {
  readonly denylist: FaultyDenylist;
}

export interface FakeTokensOptions {
  readonly revocation?: 'none' | 'store' | 'denylist';
  readonly onDenylistError?: 'fail' | 'accept';
  readonly leeway?: number;
  readonly ttl?: number;
  /** Replaces members of the denylist. */
  readonly broken?: Partial<Denylist>;
  /** Replaces what tokens contain. */
  readonly read?: (token: unknown, at: number) => TokenReading | Promise<TokenReading>;
}

/** Tokens without a signature, with the real denylist attached: enough to see what an engine does with them. */
export function createFakeTokens(options: FakeTokensOptions = {}): FakeTokens {
  const { ttl, revocation = 'denylist', onDenylistError = 'fail', leeway = 0 } = options;
  const { read = readFake, broken } = options;
  const denylist = createFaultyDenylist(memoryDenylist());

  function openDenylist({ accessTtl, ...context }: AccessTokenContext) {
    return createDenylistClient({
      ...context,
      denylist: { ...denylist.denylist, ...broken },
      onError: onDenylistError,
      maxTtlMs: accessTtl + leeway,
    });
  }

  return {
    kind: 'fake',
    denylist,
    ...(ttl === undefined ? {} : { ttl }),
    open(context) {
      const client = revocation === 'denylist' ? openDenylist(context) : undefined;
      const { events, clock, acknowledge } = context;
      const { verify } = createClaimsVerifier({
        read,
        denylist: client,
        events,
        now: clock.now,
        acknowledge,
      });
      return {
        ...(client === undefined ? {} : attachDenylist(context, { denylist: client, leeway })),
        ...(revocation === 'store' ? {} : { verify }),
        issue: ({ secret: _secret, ...grant }) => `fake.${JSON.stringify(grant)}`,
        assertIssuable({ data }) {
          if ('huge' in data) throw new InvalidDataError('too much for a token');
        },
        read,
      };
    },
  };
}

export function readFake(token: unknown, at: number): TokenReading {
  if (typeof token !== 'string' || !token.startsWith('fake.'))
    return { ok: false, reason: 'malformed' };
  const grant = JSON.parse(token.slice(5)) as Omit<AccessGrant, 'secret'>;
  const { session, digest, generation, expiresAt, version = -1 } = grant;
  const { sid } = session;
  if (at >= expiresAt) return { ok: false, reason: 'expired', sid, digest };
  const claimed = { session, generation, version };
  return { ok: true, sid, digest, claimed, notBefore: 0, expiresAt };
}
