import type { Issued, Session } from '@sess/core';
import { hideTokens } from '@sess/core/engine';
import type { VerifiedToken } from '../token/reader.js';
import type { TokenWriter } from '../token/writer.js';
import type { StatelessSettings } from './options.js';

/** A session whose end follows from what is written. */
export type Unbounded = Omit<Session<object>, 'expiresAt'>;

/** What its token has besides the session. */
export interface Mark {
  readonly jti: string;
  /** The subject's version in the denylist. */
  readonly version: number | undefined;
  readonly at: number;
}

export interface TokenIssue<Data extends object> {
  issue(session: Unbounded, mark: Mark): Promise<Issued<Data>>;
  /** When the token of a session ends that is issued now, in whole seconds as claims have it. */
  endOf(session: Unbounded): number;
}

export interface TokenIssueContext {
  readonly settings: Pick<StatelessSettings, 'ttl' | 'absoluteTtl' | 'leeway'>;
  readonly writer: TokenWriter;
  /** Takes note of a token that was made, as of one that was read. */
  readonly remember: (token: VerifiedToken) => void;
}

/** Makes the tokens that sessions without a store live in. */
export function createTokenIssue<Data extends object>(
  context: TokenIssueContext,
): TokenIssue<Data> {
  const { settings, writer, remember } = context;
  const { ttl, absoluteTtl, leeway } = settings;

  /** `ttl` is kept, and nothing goes beyond the absolute end. */
  const endOf = ({ lastUsedAt, authenticatedAt }: Unbounded): number =>
    Math.min(floor(lastUsedAt + ttl + 999), floor(floor(authenticatedAt) + absoluteTtl));

  /** The session as its token will say it. */
  function inSeconds(session: Unbounded): Session<object> {
    return Object.freeze({
      ...session,
      createdAt: floor(session.createdAt),
      authenticatedAt: floor(session.authenticatedAt),
      lastUsedAt: floor(session.lastUsedAt),
      expiresAt: endOf(session),
    });
  }

  return {
    endOf,

    async issue(session, { jti, version, at }) {
      const whole = inSeconds(session);
      const { sid, lastUsedAt: issuedAt, expiresAt } = whole;
      const content = {
        session: whole,
        jti,
        generation: undefined,
        version,
        issuedAt,
        expiresAt,
      };
      const accessToken = await writer.write(content, at);
      remember({
        ok: true,
        sid,
        digest: jti,
        claimed: { session: whole, generation: -1, version: version ?? -1 },
        notBefore: issuedAt - leeway,
        expiresAt: expiresAt + leeway,
      });
      return hideTokens({
        session: whole as typeof whole & { readonly data: Readonly<Data> },
        accessToken,
        accessTokenExpiresAt: expiresAt,
        refreshToken: accessToken,
        issuedAt: at,
      });
    },
  };
}

/** Down to whole seconds, as claims have it. */
function floor(milliseconds: number): number {
  return Math.floor(milliseconds / 1_000) * 1_000;
}
