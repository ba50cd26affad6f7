import { UsageError } from '@sess/core';
import { SessionRequest } from '@sess/core/http';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const OPENED = Symbol('sess.opened');

/** A request as it looks once the scope is decorated. */
interface Decorated {
  [OPENED]?: SessionRequest | null;
}

/**
 * Gives the requests of a scope `session` and `sessions`.
 *
 * @throws UsageError `middleware_conflict`
 */
export function decorateRequests(app: FastifyInstance): void {
  if (app.hasRequestDecorator('session') || app.hasRequestDecorator('sessions')) refuseOther();
  app.decorateRequest(OPENED, null);
  app.decorateRequest('session', {
    getter() {
      return (this as Decorated)[OPENED]?.session ?? null;
    },
    setter: refuseOther,
  });
  app.decorateRequest('sessions', {
    getter() {
      return openedFor(this);
    },
    setter: refuseOther,
  });
}

/** @throws UsageError `middleware_conflict` */
export function keepOpened(request: FastifyRequest, opened: SessionRequest): void {
  const decorated = request as Decorated;
  // A scope above may come to have the plugin when one below has it: Fastify hands its hooks down all the same.
  if (decorated[OPENED] instanceof SessionRequest) refuseOther();
  decorated[OPENED] = opened;
}

/** @throws UsageError `middleware_missing` */
export function openedFor(request: FastifyRequest): SessionRequest {
  const opened = (request as Decorated)[OPENED];
  if (opened instanceof SessionRequest) return opened;
  throw new UsageError(
    'middleware_missing',
    'Sessions were asked for before the plugin, or out of its scope: put app.register(sessionMiddleware()) first, in the scope of the route or above it.',
  );
}

function refuseOther(): never {
  throw new UsageError(
    'middleware_conflict',
    'Two plugins want request.session in one scope: sessionMiddleware() and another one, such as @fastify/session, or sessionMiddleware() again. Register each in a scope of its own.',
  );
}
