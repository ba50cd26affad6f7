import { type CreateInput, type Session, UsageError } from '@sess/core';
import type { RequestSession, SessionRequest, TokenResponse } from '@sess/core/http';
import type { Context } from 'hono';
import type { HonoExchange } from './exchange.js';

/** `c.var.sessions`. Variables are plain values, so `c.var.session` is set anew whenever the session changes. */
export class ContextSessions<Data extends object> implements RequestSession<Data> {
  readonly exchange: HonoExchange;
  readonly request: SessionRequest<Data>;
  readonly #c: Context;

  constructor(c: Context, exchange: HonoExchange, request: SessionRequest<Data>) {
    this.#c = c;
    this.exchange = exchange;
    this.request = request;
  }

  start(input: CreateInput<Data>): Promise<TokenResponse> {
    return this.#show(this.request.start(input));
  }

  end(): Promise<void> {
    return this.#show(this.request.end());
  }

  current(): Promise<Session<Data>> {
    return this.#show(this.request.current());
  }

  update(patch: Partial<Data> | ((data: Readonly<Data>) => Data)): Promise<Session<Data>> {
    return this.#show(this.request.update(patch));
  }

  elevate(): Promise<TokenResponse> {
    return this.#show(this.request.elevate());
  }

  async #show<Outcome>(work: Promise<Outcome>): Promise<Outcome> {
    try {
      return await work;
    } finally {
      this.#c.set('session', this.request.session);
    }
  }
}

/** Another session middleware would be given our session to work on, or we its own. */
export function assertNoOtherSession(c: Context): void {
  if (c.get('session') !== undefined && !(c.get('sessions') instanceof ContextSessions))
    refuseOther();
}

/** @throws UsageError `middleware_missing`, `middleware_conflict` */
export function openedFor(c: Context): ContextSessions<object> {
  const sessions: unknown = c.get('sessions');
  if (!(sessions instanceof ContextSessions)) {
    throw new UsageError(
      'middleware_missing',
      'requireSession() needs the middleware before it: app.use(sessionMiddleware()).',
    );
  }
  // What the guard lets through is what the handler will see.
  if (c.get('session') !== sessions.request.session) refuseOther();
  return sessions;
}

function refuseOther(): never {
  throw new UsageError(
    'middleware_conflict',
    'Two middlewares want c.var.session: sessionMiddleware() and another one. Mount each on paths of its own.',
  );
}
