import { hkdfSync } from 'node:crypto';
import { createRequire } from 'node:module';
import { encode } from '@auth/core/jwt';
import { type AdoptSource, adopt, cookieSession, refreshTable } from '@sess/adopt';
import { ironSession } from '@sess/adopt/iron-session';
import { nextAuth } from '@sess/adopt/next-auth';
import { createSessions, memoryStore, type Sessions } from '@sess/core';
import type { Adoption } from '@sess/core/http';
import { sessionMiddleware as fastifySessions } from '@sess/fastify';
import { sessionMiddleware as honoSessions, type SessionVariables } from '@sess/hono';
import { createFakeClock, silentLogger } from '@sess/testkit';
import express, { type RequestHandler } from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { sealData } from 'iron-session';
import { EncryptJWT } from 'jose';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createNewApplication, listen } from './applications.js';
import { ask, createJar } from './jar.js';

vi.setConfig({ testTimeout: 60_000 });

/** It has no types. */
const cookieSessionOf = createRequire(import.meta.url)('cookie-session') as (
  options: object,
) => RequestHandler;

interface Old {
  readonly userId?: string;
}
const SECRET = 'key material of thirty-two bytes or more';
const PASSWORD = 'the password of the sealed cookies, old';
const HOUR = 3_600_000;
/** The time of the fake clock, which the libraries do not know, is moved to the real one. */
const NOW = Math.floor(Date.now() / 1_000) * 1_000;

/** The `Set-Cookie` pairs that the middleware of cookie-session sends. */
async function signByCookieSession(data: object): Promise<readonly [string, string][]> {
  const app = express();
  app.use(cookieSessionOf({ name: 'app', keys: ['new key', 'old key'] }));
  app.get('/', (req, res) => {
    Object.assign(req, { session: data });
    res.json({});
  });
  const jar = createJar();
  await ask(jar, await listen(app));
  return [...jar.cookies];
}

/** A session token as next-auth 4 encrypts it. */
function encryptAsVersion4(claims: object): Promise<string> {
  const info = 'NextAuth.js Generated Encryption Key';
  const key = new Uint8Array(hkdfSync('sha256', 'the secret', '', info, 32));
  return new EncryptJWT({ ...claims })
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .setIssuedAt()
    .setExpirationTime('1h')
    .setJti('1')
    .encrypt(key);
}

interface Case {
  readonly name: string;
  readonly source: () => AdoptSource<Old>;
  readonly cookies: (user: string) => Promise<readonly (readonly [string, string])[]>;
  /** Milliseconds from now; undefined if the old system has none. */
  readonly end?: number;
}

const NAME = 'authjs.session-token';
const CASES: readonly Case[] = [
  {
    name: 'iron-session',
    source: () => ironSession({ password: PASSWORD, cookieName: 'app' }),
    cookies: async (userId) => [
      ['app', await sealData({ userId }, { password: PASSWORD, ttl: 3_600 })],
    ],
    end: HOUR,
  },
  {
    name: 'cookie-session',
    source: () => cookieSession({ keys: ['old key', 'new key'], cookieName: 'app' }),
    cookies: (userId) => signByCookieSession({ userId }),
  },
  {
    name: 'Auth.js 5',
    source: () => nextAuth<Old>({ secret: ['another', 'the secret'] }),
    cookies: async (userId) => [
      [NAME, await encode({ salt: NAME, secret: 'the secret', maxAge: 3_600, token: { userId } })],
    ],
    end: HOUR,
  },
  {
    name: 'next-auth 4, in two chunks',
    source: () => nextAuth<Old>({ secret: 'the secret' }),
    cookies: async (userId) => {
      const token = await encryptAsVersion4({ userId });
      const name = 'next-auth.session-token';
      return [
        [`${name}.0`, token.slice(0, 100)],
        [`${name}.1`, token.slice(100)],
      ];
    },
    end: HOUR,
  },
  {
    name: 'a refresh table',
    source: () =>
      refreshTable<Old>({
        cookieName: 'refresh',
        find: async (token) =>
          token.startsWith('token-of-')
            ? { data: { userId: token.slice(9) }, expiresAt: NOW + HOUR }
            : undefined,
      }),
    cookies: async (user) => [['refresh', `token-of-${user}`]],
    end: HOUR,
  },
];

/** Hosts of a route that shows whose session it is. Each returns its address. */
const HOSTS = {
  express: (sessions: Sessions, adoption: Adoption) =>
    listen(createNewApplication(sessions, { transport: 'cookie', adopt: adoption })),
  async fastify(sessions: Sessions, adoption: Adoption) {
    const app = fastify();
    onTestFinished(() => app.close());
    await app.register(fastifySessions(sessions, options(adoption)));
    app.get('/me', async ({ session }) => ({ user: session?.subject ?? null }));
    return app.listen({ port: 0, host: '127.0.0.1' });
  },
  async hono(sessions: Sessions, adoption: Adoption) {
    const app = new Hono<{ Variables: SessionVariables }>();
    app.use(honoSessions(sessions, options(adoption)));
    app.get('/me', (c) => c.json({ user: c.var.session?.subject ?? null }));
    return listen((req, res) => {
      const headers = new Headers({ cookie: req.headers.cookie ?? '' });
      void (async () => {
        const answer = await app.fetch(
          new Request(`http://${req.headers.host}${req.url}`, { headers }),
        );
        const lines = answer.headers.getSetCookie();
        res.writeHead(answer.status, { 'content-type': 'application/json', 'set-cookie': lines });
        res.end(await answer.text());
      })();
    });
  },
};
const options = (adoption: Adoption) =>
  ({ transport: 'cookie', cookie: { secure: false }, adopt: adoption }) as const;

async function arrange({ source }: Case, host: keyof typeof HOSTS = 'express') {
  const clock = createFakeClock(NOW);
  const sessions: Sessions = createSessions({
    store: memoryStore({ clock }),
    clock,
    logger: silentLogger,
  });
  const adoption = adopt<Old>(sessions, {
    from: source(),
    secret: SECRET,
    subject: ({ userId }) => userId,
  });
  const url = `${await HOSTS[host](sessions, adoption)}/me`;
  const userOf = async (jar: ReturnType<typeof createJar>) => {
    const { status, body } = await ask(jar, url);
    expect(status).toBe(200);
    return (body as { readonly user: string | null }).user;
  };
  return { clock, sessions, userOf };
}

describe.each(CASES)('a live session of $name that moves', (given) => {
  it.each(['express', 'fastify', 'hono'] as const)(
    'moves once, and ends as the old one would have, on %s',
    async (host) => {
      const { sessions, userOf } = await arrange(given, host);
      const jar = createJar(await given.cookies('ada'));
      const old = [...jar.cookies.keys()];
      const users = await Promise.all(Array.from({ length: 10 }, () => userOf(jar)));
      expect(users).toEqual(Array(10).fill('ada'));
      const all = await sessions.list('ada');
      expect(all).toHaveLength(1);
      if (given.end !== undefined) {
        expect(Math.abs((all[0]?.expiresAt ?? 0) - NOW - given.end)).toBeLessThan(60_000);
      }
      // The second presentation shows that the client has the new cookie.
      expect(await userOf(jar)).toBe('ada');
      expect(old.filter((name) => jar.cookies.has(name))).toEqual([]);
      expect(await sessions.list('ada')).toHaveLength(1);
    },
  );

  it('does not come back by a copy of its cookies, once it was seen, or ended', async () => {
    const { clock, sessions, userOf } = await arrange(given);
    const cookies = await given.cookies('ada');
    const jar = createJar(cookies);
    await userOf(jar);
    await userOf(jar);
    // Until then it counts as a spent cookie does: for requests that were under way.
    clock.advance('5m');
    expect(await userOf(createJar(cookies))).toBeNull();
    expect(await userOf(jar)).toBe('ada');
    await sessions.revokeAll('ada');
    expect(await userOf(jar)).toBeNull();
    expect(await userOf(createJar(cookies))).toBeNull();
    expect(await sessions.list('ada')).toEqual([]);
  });

  it('is not taken from cookies that were changed, or are no credential', async () => {
    const { sessions, userOf } = await arrange(given);
    for (const [name, value] of await given.cookies('ada')) {
      const changed = name === 'refresh' ? 'unknown' : `${value.slice(0, -3)}AAA`;
      for (const bad of [changed, '', 'x', 'a'.repeat(9_000), '%00', '{}', '[object Object]']) {
        const jar = createJar([...(await given.cookies('ada')), [name, bad]]);
        expect(await userOf(jar)).toBeNull();
      }
    }
    expect(await sessions.list('ada')).toEqual([]);
  });

  it('of a visitor who has not signed in moves nothing', async () => {
    if (given.name === 'a refresh table') return;
    const { userOf } = await arrange(given);
    const jar = createJar(await given.cookies(undefined as never));
    expect(await userOf(jar)).toBeNull();
    expect(jar.cookies.has('sess')).toBe(false);
  });
});
