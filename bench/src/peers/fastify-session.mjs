// @fastify/session on connect-redis' store: what it does to a request, without the request. By its defaults a
// request reads the session, and writes it back.
import { randomBytes } from 'node:crypto';
import cookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import { RedisStore } from 'connect-redis';
import Fastify from 'fastify';
import { sampleSession } from '../sample.mjs';

const SECRET = 'a secret of the bench that is long enough';
const WEEK = 7 * 86_400_000;

export async function createFastifySession(client) {
  const app = Fastify();
  const { signIn } = await registerSession(app, client);
  await app.ready();
  return {
    name: '@fastify/session',
    signIn,
    verify: ({ value }) =>
      new Promise((resolve, reject) => {
        const request = { protocol: 'http', headers: {}, cookies: {}, session: null };
        app.decryptSession(value, request, (error) => {
          if (error) return reject(error);
          if (request.session.get('subject') === undefined)
            return reject(new Error('@fastify/session: not verified'));
          return request.session.save((failure) => (failure ? reject(failure) : resolve()));
        });
      }),
    close: () => app.close(),
  };
}

/** Registers it on an application, by default on connect-redis' store, and returns how to sign in without a request. */
export async function registerSession(
  app,
  client,
  store = new RedisStore({ client, prefix: 'fs:' }),
) {
  await app.register(cookie);
  await app.register(fastifySession, {
    secret: SECRET,
    store,
    saveUninitialized: false,
    cookie: { secure: false, maxAge: WEEK },
  });
  const signer = new cookie.Signer(SECRET, 'sha256');
  return {
    async signIn(subject) {
      const sid = randomBytes(24).toString('base64url');
      const expires = new Date(Date.now() + WEEK).toISOString();
      const meta = { originalMaxAge: WEEK, expires, secure: false, httpOnly: true, path: '/' };
      await new Promise((resolve, reject) => {
        const kept = { cookie: meta, ...sampleSession(subject) };
        void store.set(sid, kept, (error) => (error ? reject(error) : resolve()));
      });
      const value = signer.sign(sid);
      return { value, cookie: `sessionId=${encodeURIComponent(value)}` };
    },
  };
}
