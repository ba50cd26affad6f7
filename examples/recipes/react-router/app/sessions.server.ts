import { createSessions, type RequestSession, readDuration } from '@sess/core';
import { createWebSessions } from '@sess/web';
import { createContext, type MiddlewareFunction } from 'react-router';

const renewAfter = readDuration('RENEW_AFTER', process.env['RENEW_AFTER']) ?? '15m';
const web = createWebSessions(createSessions({ renewAfter }), { transport: 'cookie' });

export const sessionsOf = createContext<RequestSession>();

/** Renews the cookie, serves the session routes, and keeps the request's session for loaders and actions. */
export const sessionMiddleware: MiddlewareFunction<Response> = ({ request, context }, next) =>
  web.handle(request, (sessions) => {
    context.set(sessionsOf, sessions);
    return next();
  });
