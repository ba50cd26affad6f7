import { requireSession, sessionErrors, sessionMiddleware } from '@sess/fastify';
import Fastify from 'fastify';
import { describeTwoCopies, headersOf } from '../../../test/copies-of-core.js';

describeTwoCopies((sessions, options) => {
  const app = Fastify();
  app.register(sessionMiddleware(sessions, options));
  app.setErrorHandler(sessionErrors());
  app.get('/', async () => ({}));
  app.get('/me', { preHandler: requireSession() }, async () => ({}));
  app.post('/login', (request) => request.sessions.start({ subject: 'ada' }));
  return async (method, url, token) => {
    const answer = await app.inject({ method: method as 'GET', url, headers: headersOf(token) });
    return { status: answer.statusCode, code: answer.json().code };
  };
});
