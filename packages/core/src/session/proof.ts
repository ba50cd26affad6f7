import type { Proof } from '../store/record.js';
import { isArrayOf, option } from '../util/options.js';
import { isProofName, PROOF_NAME } from '../util/proof-name.js';

const MAX_METHODS = 16;

const readAcr = option<string>({ expected: PROOF_NAME, accepts: isProofName });
const readAmr = option<readonly string[]>({
  expected: `an array of at most ${MAX_METHODS} names such as 'pwd' and 'otp'`,
  accepts: (value) => isArrayOf(value, isProofName) && value.length <= MAX_METHODS,
});

/**
 * Returns how a user proved who they are.
 *
 * @throws {UsageError} invalid_option
 */
export function readProof(given: Proof): Proof {
  const acr = readAcr('acr', given.acr);
  const amr = readAmr('amr', given.amr);
  return proofOf({ acr, amr: amr && Object.freeze([...amr]) });
}

/** Returns the members of a proof that are present. */
export function proofOf({
  acr,
  amr,
}: { readonly [Name in keyof Proof]: Proof[Name] | undefined }): Proof {
  if (acr === undefined && amr === undefined) return NONE;
  return { ...(acr === undefined ? {} : { acr }), ...(amr === undefined ? {} : { amr }) };
}

const NONE: Proof = Object.freeze({});
