import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { type AdoptOptions, adopt, type ExpressSessionStore, expressSession } from '@sess/adopt';
import { createSessions, memoryStore, type Sessions, type SessionsOptions } from '@sess/core';
import type { HttpOptions } from '@sess/core/http';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import { createFakeClock, createFaultyStore, createMemoryLogger } from '@sess/testkit';
import express, { type Express, type RequestHandler } from 'express';
import { onTestFinished } from 'vitest';

/** Its types declare `req.session`, as those of `@sess/express` do, so it is loaded without them. */
export interface OldRequestSession extends OldData {
  readonly id: string;
  regenerate(done: (error?: unknown) => void): void;
  destroy(done: (error?: unknown) => void): void;
}
export interface OldStore extends ExpressSessionStore {
  readonly sessions?: object;
}
const session = createRequire(import.meta.url)('express-session') as ((
  options: object,
) => RequestHandler) & {
  readonly MemoryStore: new () => OldStore;
  readonly Store: new () => object;
};
/** For stores that extend its class. */
export const expressSessionOf = (): object => session;

const oldSessionOf = (req: object): OldRequestSession =>
  (req as { readonly session: OldRequestSession }).session;

const OLD_SECRET = 'the secret of express-session';
const SECRET = 'key material of thirty-two bytes or more';

/** What the old application kept. */
export interface OldData {
  readonly userId?: string;
  readonly cart?: readonly string[];
}

/** Starts a server for the test. Returns its address. */
export async function listen(application: RequestListener): Promise<string> {
  const server = createServer(application);
  // A client that reuses a connection must not meet its end on a busy machine.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Creates the old application. */
export function createOldApplication(
  store: OldStore,
  cookie: object = { maxAge: 86_400_000 },
): Express {
  const app = express();
  app.use(session({ store, secret: OLD_SECRET, resave: false, saveUninitialized: false, cookie }));
  app.get('/login/:user', (req, res, next) => {
    oldSessionOf(req).regenerate((error) => {
      if (error) return next(error);
      Object.assign(oldSessionOf(req), { userId: req.params.user, cart: ['tea'] });
      res.json({});
    });
  });
  app.get('/visit', (req, res) => {
    Object.assign(oldSessionOf(req), { cart: ['tea'] });
    res.json({});
  });
  app.get('/me', (req, res) => {
    res.json({ user: oldSessionOf(req).userId ?? null });
  });
  return app;
}

type Adopting = Omit<AdoptOptions<OldData>, 'from' | 'secret' | 'subject' | 'data'> &
  Partial<AdoptOptions<OldData>>;

/** Creates the option for the old application of these tests. */
export function adoptOld(sessions: Sessions, store: OldStore, options: Partial<Adopting> = {}) {
  return adopt<OldData>(sessions, {
    from: expressSession<OldData>({ store, secret: OLD_SECRET }),
    secret: SECRET,
    subject: ({ userId }) => userId,
    data: ({ cart }) => ({ cart }),
    ...options,
  });
}

/** Creates the new application. */
export function createNewApplication(sessions: Sessions, options: HttpOptions): Express {
  const app = express();
  app.use(sessionMiddleware(sessions, { routes: 'all', cookie: { secure: false }, ...options }));
  app.get('/me', (req, res) => {
    const { session: current, sessions: operations } = req;
    res.json({
      user: current?.subject ?? null,
      sid: current?.sid ?? null,
      data: current?.data ?? operations.guest.data,
    });
  });
  app.get('/login/:user', async (req, res) => {
    res.json(await req.sessions.start({ subject: req.params.user }));
  });
  app.post(
    '/note',
    requireSession((_req, res) => void res.json({})),
  );
  app.post('/logout', async (req, res) => {
    await req.sessions.end();
    res.json({});
  });
  app.use(sessionErrors());
  return app;
}

/** Starts the old and the new application on stores in memory. */
export async function arrange(
  given: {
    readonly options?: Partial<Adopting>;
    readonly engine?: SessionsOptions;
    readonly http?: HttpOptions;
    readonly cookie?: object;
  } = {},
) {
  const clock = createFakeClock();
  const logger = createMemoryLogger();
  const faulty = createFaultyStore(memoryStore({ clock }));
  const sessions = createSessions({ store: faulty.store, clock, logger, ...given.engine });
  const events: [string, unknown][] = [];
  for (const name of ['created', 'revoked', 'reuse', 'rejected'] as const) {
    sessions.on(name, (event) => void events.push([name, event]));
  }
  const oldStore = new session.MemoryStore();
  const adoption = adoptOld(sessions, oldStore, given.options);
  const transport = given.http?.transport ?? 'cookie';
  const [oldUrl, newUrl] = await Promise.all([
    listen(createOldApplication(oldStore, given.cookie)),
    listen(createNewApplication(sessions, { adopt: adoption, ...given.http, transport })),
  ]);
  return { clock, logger, faulty, sessions, events, oldStore, adoption, oldUrl, newUrl };
}
