/* An application that moves from @fastify/secure-session route by route: each plugin has a scope. */
import secureSession from '@fastify/secure-session';
import { createSessions } from '@sess/core';
import { requireSession, sessionMiddleware, sessionsOf } from '@sess/fastify/unaugmented';
import Fastify from 'fastify';

declare module '@fastify/secure-session' {
  interface SessionData {
    userId: string;
  }
}

const app = Fastify();
app.register(
  async (old) => {
    old.register(secureSession, { key: Buffer.alloc(32) });
    old.get('/me', async (request) => {
      const user: string | undefined = request.session.get('userId');
      request.session.set('userId', 'ada');
      return { user };
    });
  },
  { prefix: '/old' },
);
app.register(
  async (api) => {
    api.register(sessionMiddleware(createSessions()));
    api.post('/login', (request) => sessionsOf(request).start({ subject: 'ada' }));
    api.get('/me', { onRequest: requireSession() }, async (request) => sessionsOf(request).session);
  },
  { prefix: '/api' },
);
