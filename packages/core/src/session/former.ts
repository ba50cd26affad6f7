import {
  type AuthPart,
  type FormerFamily,
  findDigest,
  type SessionRecord,
} from '../store/record.js';
import { digest, isSameDigest } from '../token/crypto.js';
import type { RefreshCredential } from '../token/format.js';
import { proofOf } from './proof.js';

/** Families that are kept: that of a client which received no response, and those of its last attempts. */
const MAX_FORMER = 3;

/**
 * Returns the families that count for single requests after a re-authentication at store time `at`: the current one, and
 * earlier ones if no token of the current one has been presented.
 *
 * @param given.overlap how long they count at most; milliseconds
 * @param given.isLookedUp `false`: access tokens are trusted without a look at the store, and end with the re-authentication
 */
export function retireFamily(
  auth: AuthPart,
  given: { readonly at: number; readonly overlap: number; readonly isLookedUp: boolean },
): readonly FormerFamily[] {
  const { at, overlap, isLookedUp } = given;
  const earlier = (auth.former ?? []).filter(({ expiresAt }) => expiresAt > at);
  const expiresAt = Math.min(at + overlap, auth.expiresAt);
  if (expiresAt <= at) return earlier;
  const { family, refresh, generation, accessCount, authenticatedAt } = auth;
  const access = auth.access
    .filter((entry) => isLookedUp && entry.expiresAt > at)
    .map((entry) => ({ ...entry, expiresAt: Math.min(entry.expiresAt, expiresAt) }));
  const current = {
    expiresAt,
    authenticatedAt,
    family,
    refresh,
    generation,
    salt: auth.steps.at(-1)?.salt ?? '',
    accessCount,
    access,
    ...proofOf(auth),
  };
  const families = [...earlier, current];
  // The first one is the only one that its client has certainly received.
  return families.length > MAX_FORMER
    ? [...families.slice(0, 1), ...families.slice(1 - MAX_FORMER)]
    : families;
}

/** Returns the family of which a token is the newest refresh token, if it counts at store time `at`. */
export function findFormer(
  { former }: AuthPart,
  token: RefreshCredential,
  at: number,
): FormerFamily | undefined {
  // Most records have none, and for them no digest is computed.
  if (former === undefined) return undefined;
  const [family, refresh] = [digest(token.family), digest(token.secret)];
  return former.find(
    (candidate) =>
      isSameDigest(candidate.family, family) &&
      isSameDigest(candidate.refresh, refresh) &&
      candidate.generation === token.generation &&
      at < candidate.expiresAt,
  );
}

/** Returns the family of an access token that counts at store time `at`. */
export function findFormerAccess(
  { former }: AuthPart,
  presented: string,
  at: number,
): FormerFamily | undefined {
  return former?.find(({ access, expiresAt }) => {
    const entry = access[findDigest(access, presented)];
    return entry !== undefined && at < entry.expiresAt && at < expiresAt;
  });
}

/** Returns the session as the tokens of a family before a re-authentication show it: without the newer proof. */
export function asFormer(record: SessionRecord, family: FormerFamily): SessionRecord {
  const { acr: _acr, amr: _amr, former: _former, ...auth } = record.auth;
  const { authenticatedAt, generation, accessCount, access } = family;
  const shown = { authenticatedAt, generation, accessCount, access, ...proofOf(family) };
  return { ...record, auth: { ...auth, ...shown } };
}

/** Returns the auth part after a token of its family was presented: its client has received it. */
export function acknowledged({ former: _former, ...auth }: AuthPart): AuthPart {
  return { ...auth, acknowledged: true };
}
