import type { Sessions, VerifyResult } from './types.js';

/** Answers at once what can be told at once: to wait for a promise takes longer than to look into memory. */
export type VerifyAtOnce<Data extends object> = (
  token: unknown,
) => VerifyResult<Data> | Promise<VerifyResult<Data>>;

/**
 * Where a `verify` keeps it. Whoever wraps an engine to watch its calls wraps `verify`, and is not passed by: what they put
 * in its place has none. Registered, since an adapter may have another copy of the library.
 */
const AT_ONCE = Symbol.for('sess.at-once');

/** A `verify` as callers know it: whatever comes of it comes as a promise. */
export function toVerify<Data extends object>(
  attempt: VerifyAtOnce<Data>,
): Sessions<Data>['verify'] {
  // Not `async`: what is a promise already would be waited for by another.
  const verify = (token: unknown): Promise<VerifyResult<Data>> => {
    try {
      const answer = attempt(token);
      return answer instanceof Promise ? answer : Promise.resolve(answer);
    } catch (error) {
      return Promise.reject(error);
    }
  };
  return Object.assign(verify, { [AT_ONCE]: attempt });
}

/** An engine's `verify`, without the promise where it can do without. */
export function toVerifyAtOnce<Data extends object>(
  sessions: Pick<Sessions<Data>, 'verify'>,
): VerifyAtOnce<Data> {
  const { [AT_ONCE]: attempt } = sessions.verify as { readonly [AT_ONCE]?: VerifyAtOnce<Data> };
  return attempt ?? (async (token) => sessions.verify(token as string));
}
