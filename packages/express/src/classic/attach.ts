import type { RequestSession } from '@sess/core';
import type { Request } from 'express';

const STATE = Symbol.for('sess.express-classic');

/** What a request shows. */
export interface Attached {
  session: unknown;
  readonly id: string;
  readonly request: RequestSession;
}

interface WithState {
  [STATE]?: Attached;
}

/**
 * The same descriptors for all requests: with separate functions, each request would get a new hidden class. `session` is
 * configurable, because applications delete it.
 */
const PROPERTIES: PropertyDescriptorMap = {
  session: {
    get(this: WithState) {
      return this[STATE]?.session;
    },
    set(this: WithState, value: unknown) {
      const state = this[STATE];
      if (state !== undefined) state.session = value;
    },
    configurable: true,
    enumerable: true,
  },
  sessionID: {
    get(this: WithState) {
      return this[STATE]?.id;
    },
    configurable: true,
    enumerable: true,
  },
  sessions: {
    get(this: WithState) {
      return this[STATE]?.request;
    },
    configurable: true,
  },
};

/** True if `session()` has run for the request. */
export function isAttached(req: Request): boolean {
  return (req as WithState)[STATE] !== undefined;
}

/** Shows the session of a request on it; again after the application has deleted it. */
export function attachSession(req: Request, state?: Attached): void {
  if (state !== undefined) (req as WithState)[STATE] = state;
  Object.defineProperties(req, PROPERTIES);
}
