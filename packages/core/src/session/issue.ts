import { StoreUnavailableError } from '../errors.js';
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
  readonly version?: number | undefined;
}

/**
 * Builds the returned tokens. Runs before the write, so that a failed signature leaves no session behind.
 *
 * @throws {StoreUnavailableError} if the access token cannot be issued. A sign-in and an update have refused data that
 * does not fit in a token, so the request is not at fault: a deploy changed the claims, or the signature failed.
 */
export async function issue<Data extends object>(
  { settings, tokens, events }: EngineContext,
  made: Made,
): Promise<Issued<Data>> {
  const { record, family, generation, accessSecret, at } = made;
  const { sid, auth } = record;
  const session = toSession<Data>(record);
  const entry = auth.access.at(-1) ?? { digest: '', expiresAt: at };
  const { expiresAt } = entry;
  // A repeated answer has to name the same moment, which is not kept by itself.
  const isCut = expiresAt >= auth.expiresAt;
  const version = made.version ?? (await tokens.tokenVersion?.(tagOf(sid)));
  const grant = {
    session,
    secret: accessSecret,
    digest: entry.digest,
    generation,
    issuedAt: isCut ? auth.lastUsedAt : expiresAt - settings.accessTtl,
    expiresAt,
    version,
  };
  const accessToken = await issueAccessToken();
  return hideTokens({
    session,
    accessToken,
    accessTokenExpiresAt: expiresAt,
    refreshToken: formatRefreshToken({ sid, family, generation, secret: made.refreshSecret }),
    issuedAt: at,
  });

  async function issueAccessToken(): Promise<string> {
    try {
      return await tokens.issue(grant);
    } catch (cause) {
      settings.logger.error({ sid, error: cause }, 'the access token could not be issued');
      events.emit('store-error', { operation: 'issue', error: cause });
      throw new StoreUnavailableError('The access token could not be issued. See the cause.', {
        cause,
      });
    }
  }
}
