// hono-sessions on a store in Redis, by the smallest application that has it: `fetch` included, for which a bare one
// is measured beside it.
import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import { encrypt, sessionMiddleware } from 'hono-sessions';
import { sampleSession } from '../sample.mjs';

const WEEK = 7 * 86_400;
const URL_OF_ME = 'http://localhost/me';

export function createHonoSessions(redis) {
  const { middleware, signIn } = honoSessions(redis);
  const app = new Hono().use(middleware).get('/me', (c) => c.text(c.get('session').get('subject')));
  return {
    name: 'hono-sessions, whole fetch',
    async signIn(subject) {
      const { cookie } = await signIn(subject);
      return { request: new Request(URL_OF_ME, { headers: { cookie } }) };
    },
    async verify({ request }) {
      if ((await app.fetch(request)).status !== 200) throw new Error('hono-sessions: not verified');
    },
    async close() {},
  };
}

/** The share of the row above that is not sessions. */
export function createBareHono() {
  const app = new Hono().get('/me', (c) => c.text('me'));
  const request = new Request(URL_OF_ME);
  return {
    name: 'Hono without sessions, whole fetch',
    signIn: async () => ({ request }),
    verify: async (handle) => app.fetch(handle.request),
    async close() {},
  };
}

/** @param options.encryptionKey its README recommends one: without it, the cookie is the id of the session */
export function honoSessions(redis, { encryptionKey } = {}) {
  const keyOf = (id) => `hs:${id}`;
  const write = (id, data) => redis.set(keyOf(id), JSON.stringify(data), 'EX', WEEK);
  const store = {
    getSessionById: async (id) => JSON.parse(await redis.get(keyOf(id))),
    createSession: write,
    persistSessionData: write,
    deleteSession: (id) => redis.del(keyOf(id)),
  };
  return {
    middleware: sessionMiddleware({
      store,
      expireAfterSeconds: WEEK,
      cookieOptions: { path: '/', sameSite: 'Lax', httpOnly: true },
      ...(encryptionKey && { encryptionKey }),
    }),
    async signIn(subject) {
      const id = randomUUID();
      const entries = Object.entries(sampleSession(subject));
      await write(id, {
        _data: Object.fromEntries(entries.map(([key, value]) => [key, { value, flash: false }])),
        _expire: new Date(Date.now() + WEEK * 1000).toISOString(),
        _delete: false,
        _accessed: new Date().toISOString(),
      });
      const value = encryptionKey === undefined ? id : await encrypt(encryptionKey, id);
      return { cookie: `session=${encodeURIComponent(value)}` };
    },
  };
}
