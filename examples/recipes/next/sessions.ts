import { createSessions, readDuration, type Sessions } from '@sess/core';
import { createWebSessions } from '@sess/web';

// Next.js bundles the proxy and each route apart, so a module is there several times. The engine is one.
const shared = globalThis as { engine?: Sessions };
const renewAfter = readDuration('RENEW_AFTER', process.env['RENEW_AFTER']) ?? '15m';
shared.engine ??= createSessions({ renewAfter });

export const web = createWebSessions(shared.engine, { transport: 'cookie' });
