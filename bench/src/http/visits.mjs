// One page, as a browser loads it, for contenders that identify it by a session cookie.
import { createSessions } from '@sess/core';
import { redisStore } from '@sess/redis';
import { sampleSession } from '../sample.mjs';
import { cookieHeaders, subjects } from './engines.mjs';

/** What Chromium sends with a click on a link of the same site. */
const NAVIGATION = {
  'user-agent': sampleSession('').device.userAgent,
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8',
  'accept-encoding': 'gzip, deflate, br',
  'accept-language': 'en-US,en;q=0.9',
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-user': '?1',
  'sec-fetch-dest': 'document',
  'upgrade-insecure-requests': '1',
};

/** Name → what makes the engine, on the same Redis as the sessions of the peers. */
export const PAGE_ENGINES = {
  ours: ({ ioredis }) => openEngine(ioredis, { keyPrefix: 'pages:' }),
  'ours, near cache': ({ ioredis }) =>
    openEngine(ioredis, { keyPrefix: 'near-pages:', nearCache: true }),
};

async function openEngine(ioredis, options) {
  return createSessions({ store: redisStore(await ioredis(), options) });
}

/** The page of a user. It reads the subject and the data, so that no contender leaves them unparsed. */
export function renderPage({ subject, data } = sampleSession('user-idle-000000')) {
  return `<!doctype html><title>${data.handle}</title><p>${subject}: ${data.roles.join(', ')}</p>`;
}

/** Headers of all users, once they are signed in to a peer. */
export async function visit(run, signIn) {
  return (await cookieHeaders(run, signIn)).map((headers) => ({ ...NAVIGATION, ...headers }));
}

/** The same for an engine of @sess. */
export function visitByCookie(sessions) {
  return visit('ours', async (subject) => {
    const { refreshToken } = await sessions.create(sampleSession(subject));
    return { cookie: `__Host-sess=${refreshToken}` };
  });
}

/** The same for a page without sessions, with a cookie that is as long as ours and that nothing reads. */
export function bareVisits() {
  return subjects('idle').map((subject) => ({
    ...NAVIGATION,
    cookie: `__Host-idle=${subject.padEnd(103, 'x')}`,
  }));
}
