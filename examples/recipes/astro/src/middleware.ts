import { defineMiddleware } from 'astro:middleware';
import { createSessions, readDuration } from '@sess/core';
import { createWebSessions } from '@sess/web';

const renewAfter = readDuration('RENEW_AFTER', process.env['RENEW_AFTER']) ?? '15m';
const web = createWebSessions(createSessions({ renewAfter }), { transport: 'cookie' });

export const onRequest = defineMiddleware((context, next) =>
  web.handle({ request: context.request, ip: context.clientAddress }, (sessions) => {
    context.locals.sessions = sessions;
    return next();
  }),
);
