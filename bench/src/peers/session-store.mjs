// A store of express-session without the HTTP around it, with what its middleware asks of it in a request.
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { sampleSession } from '../sample.mjs';

const WEEK = 7 * 86_400_000;

/** @param store an instance of a class that extends `session.Store` */
export function createSessionStore(name, store) {
  const [get, set, touch, destroy] = ['get', 'set', 'touch', 'destroy'].map((method) =>
    promisify(store[method].bind(store)),
  );
  const verify = async ({ sid }) => {
    const found = await get(sid);
    if (!found) throw new Error(`${name}: not verified`);
    return found;
  };
  const signIn = async (subject) => {
    const sid = randomBytes(24).toString('base64url');
    await set(sid, { cookie: createCookie(), ...sampleSession(subject) });
    return { sid };
  };
  return {
    name,
    signIn,
    verify,
    /** A request with the defaults of express-session: the session is read, and touched at the end. */
    async request(handle) {
      const session = await verify(handle);
      await touch(handle.sid, session);
    },
    /** There is no rotation; `regenerate`, which every sign-in should call, comes nearest: a new id, the same data. */
    async refresh({ sid }) {
      const session = await get(sid);
      await destroy(sid);
      const next = randomBytes(24).toString('base64url');
      await set(next, session);
      return { sid: next };
    },
  };
}

/** What express-session keeps of a cookie with a maxAge. */
function createCookie() {
  return {
    originalMaxAge: WEEK,
    expires: new Date(Date.now() + WEEK).toISOString(),
    secure: true,
    httpOnly: true,
    path: '/',
    sameSite: 'lax',
  };
}
