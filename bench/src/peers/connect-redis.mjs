// connect-redis behind the store interface of express-session, without the HTTP around it.
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { RedisStore } from 'connect-redis';
import { sampleSession } from '../sample.mjs';

const WEEK = 7 * 86_400_000;

export function createConnectRedis(client) {
  const store = new RedisStore({ client, prefix: 'cr:' });
  const get = promisify(store.get.bind(store));
  const set = promisify(store.set.bind(store));
  const touch = promisify(store.touch.bind(store));
  const destroy = promisify(store.destroy.bind(store));
  const all = promisify(store.all.bind(store));

  const verify = async ({ sid }) => {
    const session = await get(sid);
    if (!session) throw new Error('connect-redis: not verified');
    return session;
  };
  return {
    name: 'connect-redis',
    async signIn(subject) {
      const sid = newSid();
      await set(sid, { cookie: cookie(), ...sampleSession(subject) });
      return { sid };
    },
    verify,
    /** A request as express-session makes it with its defaults: the session is read, and touched at the end. */
    async request(handle) {
      const session = await verify(handle);
      await touch(handle.sid, session);
    },
    /** There is no rotation; `regenerate`, which every sign-in should call, comes nearest: a new id, the same data. */
    async refresh({ sid }) {
      const session = await get(sid);
      await destroy(sid);
      const next = newSid();
      await set(next, session);
      return { sid: next };
    },
    revoke: ({ sid }) => destroy(sid),
    /** There is no index either: every session of everyone is read. */
    async revokeAll(subject) {
      for (const session of await all()) if (session.subject === subject) await destroy(session.id);
    },
    async close() {},
  };
}

function newSid() {
  return randomBytes(24).toString('base64url');
}

/** What express-session keeps of a cookie with a maxAge. */
function cookie() {
  return {
    originalMaxAge: WEEK,
    expires: new Date(Date.now() + WEEK).toISOString(),
    secure: true,
    httpOnly: true,
    path: '/',
    sameSite: 'lax',
  };
}
