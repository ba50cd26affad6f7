// The engines that guard the routes of all frameworks, and the headers of those who are signed in to them.
import { createSessions } from '@sess/core';
import { jwt, secretKey } from '@sess/jwt';
import { redisStore } from '@sess/redis';
import { sampleSession, subjectNamed } from '../sample.mjs';

/** Users whose requests come in turn. */
export const USERS = 64;

const SERVICE = { issuer: 'https://api.example.com', audience: 'https://api.example.com' };

/** Name → what makes the engine, given a way to a client of Redis. */
export const ENGINES = {
  'ours, memory': async () => createSessions(),
  'ours, near cache': async ({ ioredis }) =>
    createSessions({ store: redisStore(await ioredis(), { nearCache: true, keyPrefix: 'near:' }) }),
  'ours, batched reads': async ({ ioredis }) =>
    createSessions({ store: redisStore(await ioredis(), { keyPrefix: 'batched:' }) }),
  'ours, JWT': async () =>
    createSessions({
      accessToken: jwt({ keys: secretKey('s'.repeat(32)), ...SERVICE, revocation: 'none' }),
    }),
};

export async function signInToEngine(sessions) {
  const issued = await Promise.all(
    subjects('ours').map((subject) => sessions.create(sampleSession(subject))),
  );
  return issued.map(({ accessToken }) => ({ authorization: `Bearer ${accessToken}` }));
}

/** Headers as long as those of @sess, for a route that reads them and does nothing. */
export function idleHeaders() {
  return subjects('idle').map((subject) => ({
    authorization: `Bearer sat_${subject.padEnd(32, 'x')}.${'x'.repeat(43)}`,
  }));
}

export function subjects(run) {
  return Array.from({ length: USERS }, (_, n) => subjectNamed(run, n));
}

/** Signs all users in to a peer that has cookies. */
export async function cookieHeaders(run, signIn) {
  const headers = [];
  for (const subject of subjects(run)) headers.push({ cookie: (await signIn(subject)).cookie });
  return headers;
}
