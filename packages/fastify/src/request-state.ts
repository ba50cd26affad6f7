import type { RegisteredData, RequestSession } from '@sess/core';
import { createMistake, isRequestSession } from '@sess/core/http';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Registered, so that the guard of another copy of this package finds the request's session. */
const STATE: unique symbol = Symbol.for('sess.fastify-request');

/** A request in a decorated scope. */
interface Decorated {
  [STATE]?: RequestSession | null;
}

/**
 * Decorates the requests of a scope with `session` and `sessions`.
 *
 * @throws {UsageError} `middleware_conflict`
 */
export function decorateRequests(app: FastifyInstance): void {
  if (app.hasRequestDecorator('session') || app.hasRequestDecorator('sessions')) throwConflict();
  app.decorateRequest(STATE, null);
  // Without the types of `request.session`, which another package may have declared.
  const decorate = app.decorateRequest as (name: string, property: object) => unknown;
  decorate.call(app, 'session', {
    getter(this: Decorated) {
      return this[STATE]?.session ?? null;
    },
    setter: throwConflict,
  });
  app.decorateRequest('sessions', {
    getter() {
      return getRequestState(this);
    },
    setter: throwConflict,
  });
}

/** Attaches its session to a request. @throws {UsageError} `middleware_conflict` */
export function setRequestState(request: FastifyRequest, session: RequestSession): void {
  const decorated = request as Decorated;
  // If a scope above registers the plugin after one below, Fastify runs the hooks of both.
  if (isRequestSession(decorated[STATE])) throwConflict();
  decorated[STATE] = session;
}

/**
 * Returns `request.sessions`, also where the types of `request` do not have it. Its `session` is `request.session`.
 *
 * @throws {UsageError} `middleware_missing` without the plugin in the scope of the route or above it
 */
export function getRequestState<Data extends object = RegisteredData>(
  request: object,
): RequestSession<Data> {
  const session = (request as Decorated)[STATE];
  // The data type is the caller's to name, as for `requireSession`.
  if (isRequestSession(session)) return session as unknown as RequestSession<Data>;
  throw createMistake(
    'middleware_missing',
    'request.sessions',
    'app.register(sessionMiddleware())',
  );
}

function throwConflict(): never {
  throw createMistake(
    'middleware_conflict',
    'request.session',
    'Register each in a separate scope.',
  );
}
