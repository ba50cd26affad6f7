import type { DeniableToken } from '@sess/core/store';
import type { ClientSideCache } from '../near-cache/keeper.js';
import type { DenylistCalls } from './calls.js';
import { isDeniedBy, isPlausible, type SubjectState, tagOf } from './state.js';

/** Calls that keep what they read, and what can be said from memory. */
export interface NearCalls extends DenylistCalls {
  /** `false` when it is surely not denied. */
  peek(token: DeniableToken, at: number): false | undefined;
}

/** Keeps all that is known of a subject, so that one read serves every token of it. */
export function withNearCalls(
  calls: DenylistCalls,
  keeper: ClientSideCache<SubjectState>,
): NearCalls {
  const { writing } = keeper;
  return {
    ...calls,
    peek(token, at) {
      const state = keeper.peek(tagOf(token.sid));
      if (state === undefined || !isPlausible(token)) return undefined;
      return isDeniedBy(state, token, at) ? undefined : false;
    },
    read(token) {
      if (!keeper.isListening()) return calls.read(token);
      const tag = tagOf(token.sid);
      return keeper.read(
        tag,
        () => calls.readWhole(token),
        ({ state, isWhole }) =>
          isWhole && state !== undefined ? { id: tag, value: state } : undefined,
      );
    },
    enroll: (tag, ...rest) => writing(tag, () => calls.enroll(tag, ...rest)),
    deny: (tag, ...rest) => writing(tag, () => calls.deny(tag, ...rest)),
    denyAll: (tag, ...rest) => writing(tag, () => calls.denyAll(tag, ...rest)),
    denyAllAgain: (tag, ...rest) => writing(tag, () => calls.denyAllAgain(tag, ...rest)),
    succeed: (token, ...rest) => writing(tagOf(token.sid), () => calls.succeed(token, ...rest)),
  };
}
