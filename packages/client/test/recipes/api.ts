import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSessions } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import { initTRPC } from '@trpc/server';
import { createExpressMiddleware } from '@trpc/server/adapters/express';
import express from 'express';
import { onTestFinished } from 'vitest';
import type { TokenResponse } from '../../src/index.js';

/** An API with a real engine on a socket, and the `fetch` of one browser with its cookies. */
export interface RecipeApi {
  readonly base: string;
  readonly fetch: typeof fetch;
  /** The users as whom something was written. */
  readonly written: readonly string[];
  /** Signs in by a form: the cookie of the browser changes. Returns the response. */
  signIn(user: string): Promise<TokenResponse>;
  /** Ends the connections of the next requests without a response. */
  cut(count: number): void;
  count(path: string): number;
}

export async function startRecipeApi(): Promise<RecipeApi> {
  const sessions = createSessions();
  const app = express();
  const written: string[] = [];
  const paths: string[] = [];
  let toCut = 0;
  app.use((req, res, next) => {
    paths.push(req.path);
    if (toCut > 0 && !/^\/(session|login)/.test(req.path)) {
      toCut -= 1;
      return void res.destroy();
    }
    next();
  });
  app.use(sessionMiddleware(sessions, { cookie: { secure: false } }), express.json());
  app.post('/login', async (req, res) => {
    res.json(await req.sessions.start({ subject: req.body.user }));
  });
  app.get(
    '/me',
    requireSession((req, res) => res.json({ subject: req.session.subject })),
  );
  app.all(
    '/notes',
    requireSession((req, res) => {
      written.push(req.session.subject);
      res.json({ subject: req.session.subject });
    }),
  );
  app.post(
    '/graphql',
    requireSession((req, res) => {
      if (`${req.body.query}`.includes('mutation')) written.push(req.session.subject);
      res.json({ data: { me: { __typename: 'User', subject: req.session.subject } } });
    }),
  );
  const t = initTRPC.context<{ readonly subject: string }>().create();
  const router = t.router({
    me: t.procedure.query(({ ctx }) => ctx.subject),
    write: t.procedure.mutation(({ ctx }) => {
      written.push(ctx.subject);
      return ctx.subject;
    }),
  });
  app.use('/trpc', requireSession());
  app.use(
    '/trpc',
    createExpressMiddleware({
      router,
      createContext: ({ req }) => ({ subject: req.session?.subject ?? '' }),
    }),
  );
  app.use(sessionErrors());
  const server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await sessions.close();
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browserFetch = createBrowserFetch();
  return {
    base,
    fetch: browserFetch,
    written,
    async signIn(user) {
      const response = await browserFetch(`${base}/login`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ user }),
      });
      return (await response.json()) as TokenResponse;
    },
    cut(count) {
      toCut = count;
    },
    count: (path) => paths.filter((asked) => asked === path).length,
  };
}

/** Returns `fetch` with a cookie jar. */
function createBrowserFetch(): typeof fetch {
  const { fetch } = globalThis;
  const jar = new Map<string, string>();
  return async (input, init) => {
    const request = new Request(input, init);
    const headers = new Headers(request.headers);
    headers.set('Cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
    const response = await fetch(new Request(request, { headers }));
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    return response;
  };
}
