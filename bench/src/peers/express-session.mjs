// express-session on connect-redis: its middleware from the request to the end of the response, on a request that is not
// there. With its usual settings a request reads the session, and touches it at the end.
import { EventEmitter } from 'node:events';
import { RedisStore } from 'connect-redis';
import session from 'express-session';
import { sampleSession } from '../sample.mjs';

const SECRET = 'a secret of the bench, long enough';

export function createExpressSession(client) {
  const middleware = expressSession(client);
  return {
    name: 'express-session + connect-redis',
    signIn: (subject) => signIn(middleware, subject),
    verify: async ({ cookie }) => {
      const { session: found } = await exchange(middleware, cookie);
      if (found.subject === undefined) throw new Error('express-session: not verified');
    },
    async close() {},
  };
}

export function expressSession(client) {
  return session({
    store: new RedisStore({ client, prefix: 'es:' }),
    secret: SECRET,
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: 7 * 86_400_000 },
  });
}

/** Signs in without a server and returns the header that a browser would send. */
export async function signIn(middleware, subject) {
  const { cookies } = await exchange(middleware, undefined, (found) =>
    Object.assign(found, sampleSession(subject)),
  );
  return { cookie: cookies[0].split(';')[0] };
}

/** Resolves at the end of the response, which is after the write to the store. */
function exchange(middleware, cookie, change = () => {}) {
  return new Promise((resolve, reject) => {
    const req = Object.assign(new EventEmitter(), {
      url: '/me',
      originalUrl: '/me',
      method: 'GET',
      headers: cookie === undefined ? {} : { cookie },
      socket: { encrypted: false },
    });
    const headers = new Map();
    const res = {
      headersSent: false,
      statusCode: 200,
      getHeader: (name) => headers.get(name.toLowerCase()),
      setHeader(name, value) {
        headers.set(name.toLowerCase(), value);
      },
      writeHead() {
        res.headersSent = true;
      },
      _implicitHeader() {
        res.writeHead(res.statusCode);
      },
      write: () => true,
      end: () => resolve({ session: req.session, cookies: headers.get('set-cookie') ?? [] }),
    };
    middleware(req, res, (error) => {
      if (error) return reject(error);
      change(req.session);
      return res.end('{}');
    });
  });
}
