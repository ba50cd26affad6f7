import { createSessions, readDuration } from '@sess/core';
import { createWebSessions } from '@sess/web';
import type { Handle } from '@sveltejs/kit';

const renewAfter = readDuration('RENEW_AFTER', process.env['RENEW_AFTER']) ?? '15m';
const web = createWebSessions(createSessions({ renewAfter }), { transport: 'cookie' });

export const handle: Handle = ({ event, resolve }) =>
  web.handle({ request: event.request, ip: event.getClientAddress() }, (sessions) => {
    event.locals.sessions = sessions;
    return resolve(event);
  });
