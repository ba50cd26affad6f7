/* The application declares `Session` in the module of Fastify, and `request.session` keeps its type. */
import type { Session as SessSession } from '@sess/core';
import { requireSession, sessionMiddleware } from '@sess/fastify';
import Fastify, { type FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface Session {
    userId: string;
  }
}

type IsAny<Value> = 0 extends 1 & Value ? true : false;
const isAny: IsAny<FastifyRequest['session']> = false;

const app = Fastify();
app.register(sessionMiddleware());
app.get('/', async (request) => {
  const session: SessSession | null = request.session;
  // @ts-expect-error it may be null
  request.session.subject;
  return { session, isAny };
});
app.get(
  '/me',
  requireSession((request) => {
    const subject: string = request.session.subject;
    // @ts-expect-error that is the application's own interface
    request.session.userId;
    return subject;
  }),
);
