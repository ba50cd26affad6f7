import { InvalidDataError, memoryDenylist } from '@sess/core';
import type { AccessGrant, AccessTokenPort, AccessTokens } from '@sess/core/engine';
import { createFaultyDenylist, type FaultyDenylist } from '@sess/testkit';

export interface FakeTokens extends AccessTokens {
  readonly denylist: FaultyDenylist;
}

/** Tokens that say what they are without a signature: enough to see what an engine does with such. */
export function createFakeTokens(
  given: Partial<Pick<AccessTokenPort, 'revocation' | 'onDenylistError' | 'leeway'>> & {
    readonly ttl?: number;
  } = {},
): FakeTokens {
  const { ttl, revocation = 'denylist', ...rest } = given;
  const denylist = createFaultyDenylist(memoryDenylist());
  return {
    kind: 'fake',
    denylist,
    ...(ttl === undefined ? {} : { ttl }),
    open: () => ({
      revocation,
      ...(revocation === 'denylist' ? { denylist: denylist.denylist } : {}),
      ...rest,
      issue: ({ secret: _secret, ...grant }) => `fake.${JSON.stringify(grant)}`,
      assertIssuable({ data }) {
        if ('huge' in data) throw new InvalidDataError('too much for a token');
      },
      read(token, at) {
        if (typeof token !== 'string' || !token.startsWith('fake.'))
          return { ok: false, reason: 'malformed' };
        const { session, digest, generation, expiresAt, version } = JSON.parse(
          token.slice(5),
        ) as Omit<AccessGrant, 'secret'>;
        const { sid } = session;
        if (at >= expiresAt) return { ok: false, reason: 'expired', sid, digest };
        const claimed = { session, generation, version: version ?? -1 };
        return { ok: true, sid, digest, claimed };
      },
    }),
  };
}
