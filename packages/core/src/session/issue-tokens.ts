import { isSessError, StoreUnavailableError } from '../errors.js';
import type { AuthPart, DataPart, Proof, SessionRecord } from '../store/record.js';
import { deriveAccessSecret, digest, encodeBase64Url, type RandomBytes } from '../token/crypto.js';
import { formatRefreshToken } from '../token/format.js';
import { tagOf } from '../token/session-id.js';
import type { Issued, Session } from '../types.js';
import { hideTokens } from '../util/logger.js';
import type { EngineContext } from './context.js';
import { policyOf } from './lifetimes.js';
import { proofOf } from './proof.js';

/** Fresh secrets, and the auth part that contains their digests. */
export interface FreshAuth {
  readonly auth: AuthPart;
  readonly family: string;
  readonly generation: number;
  readonly refreshSecret: string;
  readonly accessSecret: string;
}

/** A record, and the secrets that were created for it. */
export interface CreatedTokens extends Omit<FreshAuth, 'auth'> {
  readonly record: SessionRecord;
  readonly at: number;
  /** The version of the token, if the kind of token has already returned it. */
  readonly version?: number | undefined;
}

/** Creates the first generation of a new family, for a sign-in or a re-authentication. Nothing links it to earlier ones. */
export function createTokenFamily(context: {
  readonly at: number;
  readonly policy: {
    readonly accessTtl: number;
    readonly idleTtl: number;
    readonly absoluteTtl: number;
  };
  readonly random: RandomBytes;
  readonly proof?: Proof;
}): FreshAuth {
  const { at, policy, random, proof } = context;
  const family = encodeBase64Url(random(12));
  const refreshSecret = encodeBase64Url(random(32));
  const salt = encodeBase64Url(random(16));
  const accessSecret = deriveAccessSecret(refreshSecret, salt, 0);
  const absoluteExpiresAt = at + policy.absoluteTtl;
  const expiresAt = Math.min(at + policy.idleTtl, absoluteExpiresAt);
  return {
    family,
    generation: 0,
    refreshSecret,
    accessSecret,
    auth: {
      expiresAt,
      absoluteExpiresAt,
      authenticatedAt: at,
      lastUsedAt: at,
      generation: 0,
      family: digest(family),
      refresh: digest(refreshSecret),
      access: [
        { digest: digest(accessSecret), expiresAt: Math.min(at + policy.accessTtl, expiresAt) },
      ],
      steps: [{ salt }],
      accessCount: 0,
      // There is no earlier generation whose grace could depend on it.
      acknowledged: true,
      replayed: false,
      ...proof,
    },
  };
}

/**
 * Builds the returned tokens, synchronously if the kind of token does. Runs before the write, so that a failed signature
 * leaves no session behind.
 *
 * @throws {StoreUnavailableError} if the access token cannot be issued. A sign-in and an update have refused data that
 *   does not fit in a token, so the request is not at fault: a deploy changed the claims, or the signature failed.
 */
export function issueTokens<Data extends object>(
  context: EngineContext,
  created: CreatedTokens,
): Issued<Data> | Promise<Issued<Data>> {
  const { settings, tokens } = context;
  if (created.version === undefined && tokens.tokenVersion !== undefined) {
    return tokens
      .tokenVersion(tagOf(created.record.sid))
      .then((version) => issueTokens(context, { ...created, version }));
  }
  const { record, family, generation, accessSecret, at, version } = created;
  const { sid, auth, data } = record;
  const session = toSession<Data>(record);
  const entry = auth.access.at(-1) ?? { digest: '', expiresAt: at };
  const { expiresAt } = entry;
  // A replay has to name the same moment, which is not stored by itself.
  const isCut = expiresAt >= auth.expiresAt;
  const grant = {
    session,
    secret: accessSecret,
    digest: entry.digest,
    generation,
    issuedAt: isCut ? auth.lastUsedAt : expiresAt - policyOf(settings, data.life).accessTtl,
    expiresAt,
    version,
  };
  const complete = (accessToken: string): Issued<Data> =>
    hideTokens({
      session,
      accessToken,
      accessTokenExpiresAt: expiresAt,
      refreshToken: formatRefreshToken({ sid, family, generation, secret: created.refreshSecret }),
      issuedAt: at,
      ...persistenceOf(data),
    });
  const fail = (error: unknown): never => {
    throw toIssueError(context, { sid, error, problem: 'the access token could not be issued' });
  };
  let issuing: string | Promise<string>;
  try {
    issuing = tokens.issue(grant);
  } catch (error) {
    return fail(error);
  }
  return typeof issuing === 'string' ? complete(issuing) : issuing.then(complete, fail);
}

/** Returns the member of a result for a cookie of the browser session; no member for others. */
export function persistenceOf({ life }: DataPart): Pick<Issued<object>, 'persistent'> {
  return life === undefined || life.persistent ? {} : { persistent: false };
}

/** Reports that an existing session does not fit this version of the program. Returns the error to throw. */
export function toIssueError(
  { settings, events }: Pick<EngineContext, 'settings' | 'events'>,
  {
    sid,
    error,
    problem,
  }: { readonly sid: string; readonly error: unknown; readonly problem: string },
): unknown {
  if (isSessError(error, 'store_unavailable')) return error;
  settings.logger.error({ sid, error }, problem);
  events.emit('store-error', { operation: 'issue', error });
  const message = `${problem[0]?.toUpperCase()}${problem.slice(1)}. See the cause.`;
  return new StoreUnavailableError(message, { cause: error });
}

/** Returns the public part of a record. The type of the data is the caller's: the schema checked it when it was written. */
export function toSession<Data extends object>(record: SessionRecord): Session<Data> {
  const { auth, data } = record;
  const session: Session<Data> = {
    sid: record.sid,
    subject: data.subject,
    data: data.data as Data,
    device: data.device,
    createdAt: record.createdAt,
    authenticatedAt: auth.authenticatedAt,
    lastUsedAt: auth.lastUsedAt,
    expiresAt: auth.expiresAt,
  };
  // On the path of each request: most sessions have neither, and a spread of nothing takes time too.
  const { acr, amr, binding } = auth;
  if ((acr ?? amr ?? binding) !== undefined) {
    Object.assign(
      session,
      proofOf(auth),
      binding && !binding.isPending && { binding: binding.cookies ? DEVICE : binding },
    );
  }
  return Object.freeze(session);
}

const DEVICE = Object.freeze({ kind: 'dbsc' as const });
