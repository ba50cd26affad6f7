import { type AccessTokens, InvalidDataError, type Issued } from '@sess/core';
import type { AccessGrant, AccessTokenPort } from '@sess/core/internal';

/** Tokens without a signature that are trusted until they expire: enough to see what an engine does with them. */
export function createFakeTokens(
  port: Partial<AccessTokenPort> = {},
  options: { readonly ttl?: number } = {},
): AccessTokens {
  return {
    kind: 'fake',
    ...options,
    open: ({ clock, acknowledge }) => ({
      issue: ({ secret: _secret, ...grant }) => `fake.${JSON.stringify(grant)}`,
      assertIssuable({ data }) {
        if ('huge' in data) throw new InvalidDataError('too much for a token');
      },
      read(token, at) {
        const { session, digest, expiresAt } = grantIn(token as string);
        return at < expiresAt
          ? { ok: true, sid: session.sid, digest }
          : { ok: false, reason: 'expired', sid: session.sid, digest };
      },
      verify(token) {
        const { session, digest, generation, expiresAt } = grantIn(token as string);
        if (clock.now() >= expiresAt) return { ok: false, reason: 'expired' };
        if (generation > 0) acknowledge(session.sid, digest);
        return { ok: true, session };
      },
      ...port,
    }),
  };
}

/** What a token was made of. */
export function grantOf({ accessToken }: Pick<Issued, 'accessToken'>): Omit<AccessGrant, 'secret'> {
  return grantIn(accessToken);
}

function grantIn(token: string): Omit<AccessGrant, 'secret'> {
  return JSON.parse(token.slice('fake.'.length)) as Omit<AccessGrant, 'secret'>;
}
