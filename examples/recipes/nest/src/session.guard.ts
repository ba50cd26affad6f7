// A guard, its filter and a decorator, for NestJS on Express and on Fastify.
import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  createParamDecorator,
  type ExceptionFilter,
  type ExecutionContext,
  UseGuards,
} from '@nestjs/common';
import type { RequestSession } from '@sess/core';
import { createGuard, type GuardOptions, type Reply, replyToError } from '@sess/core/http';

class Refusal extends Error {
  readonly reply: Reply;

  constructor(reply: Reply) {
    super('The session guard refused the request.');
    this.reply = reply;
  }
}

/** Requires a session: `@RequireSession({ redirectTo: '/sign-in' })`. */
export function RequireSession(options?: GuardOptions): ClassDecorator & MethodDecorator {
  const check = createGuard(options);
  const guard: CanActivate = {
    async canActivate(context: ExecutionContext) {
      const reply = await check(context.switchToHttp().getRequest().sessions);
      if (reply !== undefined) throw new Refusal(reply);
      return true;
    },
  };
  return UseGuards(guard);
}

/** The session of the request and what can be done to it: `@Sessions() sessions: RequestSession`. */
export const Sessions = createParamDecorator(
  (_data: unknown, context: ExecutionContext): RequestSession =>
    context.switchToHttp().getRequest().sessions,
);

/** Sends what the guard refuses, and errors of the library: 503 if the store failed. */
@Catch()
export class SessionFilter implements ExceptionFilter {
  readonly #otherwise: ExceptionFilter;

  constructor(otherwise: ExceptionFilter) {
    this.#otherwise = otherwise;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = error instanceof Refusal ? error.reply : replyToError(error);
    if (reply === undefined) {
      this.#otherwise.catch(error, host);
      return;
    }
    const response = host.switchToHttp().getResponse();
    response.status(reply.status);
    for (const [name, value] of Object.entries(reply.headers)) response.header(name, value);
    response.send(reply.body);
  }
}
