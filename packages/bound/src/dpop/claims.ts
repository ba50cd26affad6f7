import { createBoundedCache, sha256 } from '@sess/core/internal';
import type { DpopProof } from './proof.js';

/** A proof may be this much older, or newer, than the time of the store. Milliseconds. */
const MAX_AGE_MS = 60_000;
const MAX_LEAD_MS = 5_000;
/** Proofs that are remembered in a process. Beyond it the oldest are forgotten. */
const MAX_SEEN = 100_000;

/** What a proof has to be made for. */
export interface ProofTarget {
  readonly method: string;
  /** The URL without query and fragment. */
  readonly url: string;
  /** Epoch milliseconds, store time. */
  readonly at: number;
}

/** True if a proof is for the request and of this moment (RFC 9449, section 4.3). */
export function isForRequest({ claims }: DpopProof, { method, url, at }: ProofTarget): boolean {
  const { jti, htm, htu, iat } = claims;
  if (typeof jti !== 'string' || jti.length < 16 || jti.length > 256) return false;
  if (htm !== method || !isSameUrl(htu, url)) return false;
  if (typeof iat !== 'number' || !Number.isFinite(iat)) return false;
  const age = at - iat * 1_000;
  return age <= MAX_AGE_MS && age >= -MAX_LEAD_MS;
}

function isSameUrl(htu: unknown, url: string): boolean {
  if (typeof htu !== 'string' || !URL.canParse(htu) || !URL.canParse(url)) return false;
  const [sent, own] = [new URL(htu), new URL(url)];
  const isPlain = sent.username === '' && sent.password === '';
  return isPlain && sent.origin === own.origin && sent.pathname === own.pathname;
}

/** True if a proof is for the access token (RFC 9449, section 4.2). Neither side is secret. */
export function isForToken({ claims }: DpopProof, token: string): boolean {
  return claims['ath'] === sha256(token);
}

/** Creates the memory of proofs. The function returns `false` for a proof that was seen within its time. */
export function createReplayMemory(): (proof: DpopProof, at: number) => boolean {
  const seen = createBoundedCache<string, number>({ maxEntries: MAX_SEEN });
  return ({ jkt, claims }, at) => {
    const name = sha256(`${jkt}.${String(claims['jti'])}`);
    const until = seen.get(name);
    if (until !== undefined && at < until) return false;
    seen.set(name, at + MAX_AGE_MS + MAX_LEAD_MS);
    return true;
  };
}
