import type { SessionRecord } from '../store/record.js';
import { formatRefreshToken } from '../token/format.js';
import { tagOf } from '../token/session-id.js';
import type { Issued } from '../types.js';
import type { EngineContext } from './context.js';
import { hideTokens, toSession } from './view.js';

/** A record, and the secrets that were just made for it. */
export interface Made {
  readonly record: SessionRecord;
  readonly family: string;
  readonly generation: number;
  readonly refreshSecret: string;
  readonly accessSecret: string;
  readonly at: number;
  /** The version of the token, if the kind of token has already given it. */
  readonly version?: number;
}

/**
 * Puts what was made into the form that callers get. Before it is written: a token that cannot be issued, and one
 * that a revoke-all overtakes, must not leave a session behind that nobody holds, or holds in vain.
 *
 * @throws SessError `data_too_large` when a signed token would be
 */
export async function issue<Data extends object>(
  { settings, tokens }: EngineContext,
  made: Made,
): Promise<Issued<Data>> {
  const { record, family, generation, accessSecret, at } = made;
  const { sid, auth } = record;
  const session = toSession<Data>(record);
  const entry = auth.access.at(-1) ?? { digest: '', expiresAt: at };
  const { expiresAt } = entry;
  // A repeated answer has to name the same moment, which is not kept by itself.
  const isCut = expiresAt >= auth.expiresAt;
  const accessToken = await tokens.issue({
    session,
    secret: accessSecret,
    digest: entry.digest,
    generation,
    issuedAt: isCut ? auth.lastUsedAt : expiresAt - settings.accessTtl,
    expiresAt,
    version: made.version ?? (await tokens.tokenVersion?.(tagOf(sid))),
  });
  return hideTokens({
    session,
    accessToken,
    accessTokenExpiresAt: expiresAt,
    refreshToken: formatRefreshToken({ sid, family, generation, secret: made.refreshSecret }),
    issuedAt: at,
  });
}
