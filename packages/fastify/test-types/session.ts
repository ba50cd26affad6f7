/* An application that moves from @fastify/session route by route: each plugin has a scope. */
import fastifySession from '@fastify/session';
import { createSessions } from '@sess/core';
import {
  requireSession,
  sessionErrors,
  sessionMiddleware,
  sessionsOf,
} from '@sess/fastify/unaugmented';
import Fastify from 'fastify';

declare module 'fastify' {
  interface Session {
    userId: string;
  }
}

const app = Fastify();
app.register(
  async (old) => {
    old.register(fastifySession, { secret: 'a secret of more than thirty-two bytes' });
    old.get('/me', async (request) => {
      const user: string = request.session.userId;
      request.session.userId = 'ada';
      // @ts-expect-error the old session has no such member
      request.session.subject;
      return { user };
    });
  },
  { prefix: '/old' },
);
app.register(
  async (api) => {
    api.register(sessionMiddleware(createSessions(), { routes: 'all' }));
    api.setErrorHandler(sessionErrors());
    api.post('/login', (request) => sessionsOf(request).start({ subject: 'ada' }));
    api.get('/list', { preHandler: requireSession() }, async (request) => {
      const session = sessionsOf(request).session;
      return { subject: session?.subject };
    });
  },
  { prefix: '/api' },
);
