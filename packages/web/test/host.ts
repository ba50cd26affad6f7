import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { RequestSession } from '@sess/core';
import type { HostSetup } from '@sess/testkit/suites';
import { createWebSessions, type WebSessions } from '@sess/web';
import type { RunningHost } from '../../../test/kit.js';

type Handler = (sessions: RequestSession, request: Request) => Response | Promise<Response>;
type Routes = Readonly<Record<string, Handler>>;

/** Serves a function of a request on a separate port. */
export async function serve(
  answer: (request: Request, ip: string | undefined) => Response | Promise<Response>,
): Promise<RunningHost> {
  const listener = getRequestListener((request, env) =>
    answer(request, 'incoming' in env ? env.incoming.socket.remoteAddress : undefined),
  );
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

const ok: Handler = () => Response.json({ ok: true });
const own: Handler = () => Response.json({ own: true });
const me = ({ session }: RequestSession) => Response.json(session);

/** The routes that the adapter suite asks for. */
function createRoutes({ guard }: WebSessions, { gate }: HostSetup): Routes {
  const update = async (sessions: RequestSession, request: Request) =>
    Response.json(await sessions.update(await request.json()));
  const guarded =
    (handler: Handler, options = {}): Handler =>
    (sessions, request) =>
      guard(options, (behind) => handler(behind, request))(sessions);
  return {
    'GET /session/own': own,
    'POST /session/own': own,
    'POST /tamper': guarded(async (sessions, request) => {
      try {
        Object.assign(sessions.session ?? {}, await request.json());
      } catch {
        // The session is frozen: what counts is what `elevate` does afterwards.
      }
      return Response.json(await sessions.elevate());
    }),
    'POST /login': async (sessions, request) => {
      const { user, keep = [] } = await request.json();
      return Response.json(await sessions.start({ subject: user, keep }));
    },
    'POST /logout-here': async (sessions) => {
      await sessions.end();
      return new Response(null, { status: 204 });
    },
    'GET /public': (sessions, { url, headers }) => {
      const caching = new URL(url).searchParams.get('caching');
      const set = caching ? { 'Cache-Control': caching, 'CDN-Cache-Control': 'max-age=60' } : {};
      return Response.json(
        { user: sessions.session?.subject ?? null },
        { headers: { 'X-Own-Host': headers.get('host') ?? '', ...set } },
      );
    },
    'GET /file': () =>
      new Response('file', {
        headers: { 'Cache-Control': 'public, max-age=60', 'CDN-Cache-Control': 'max-age=60' },
      }),
    'GET /tag': guarded((_sessions, { headers }) => {
      const isKnown = headers.get('if-none-match') === '"1"';
      const init = { status: isKnown ? 304 : 200, headers: { ETag: '"1"' } };
      return new Response(isKnown ? null : 'page', init);
    }),
    'GET /feed': guarded(streamed),
    'GET /me': guarded(me),
    'PATCH /me': guarded(update),
    'POST /reauth': guarded(async (sessions) => Response.json(await sessions.elevate())),
    'POST /transfer': guarded(ok, { authenticatedWithin: '5m' }),
    'GET /admin': guarded(ok, {
      where: ({ subject }: { readonly subject: string }) => subject === 'admin',
    }),
    'GET /bound': guarded(ok, { bound: true }),
    'POST /form': guarded(ok),
    'GET /page': guarded(
      (_sessions, { url }) => {
        const caching = new URL(url).searchParams.get('caching');
        const headers: HeadersInit = caching ? { 'Cache-Control': `${caching}, max-age=60` } : {};
        return new Response('page', { headers });
      },
      { redirectTo: '/sign-in' },
    ),
    'GET /guest': ({ guest }) => Response.json({ data: guest.data }),
    'PATCH /guest': async ({ guest }, request) => {
      const { data } = await guest.update(await request.json());
      return Response.json({ data });
    },
    'POST /put': async (sessions, request) => {
      const { name, value } = await request.json();
      await sessions.put(name, value);
      return new Response(null, { status: 204 });
    },
    'POST /take': async (sessions, request) => {
      const value = await sessions.take((await request.json()).name);
      return Response.json({ value: value ?? null });
    },
    'POST /race': guarded(async (sessions, request) => {
      await gate();
      return update(sessions, request);
    }),
  };
}

/** `POST /login/:kind`. */
async function signInBy(
  kind: string,
  sessions: RequestSession,
  request: Request,
): Promise<Response> {
  const tokens = await sessions.start(
    { subject: (await request.json()).user },
    kind === 'provider' ? { origins: ['https://id.example'] } : {},
  );
  // A host has its own page for errors, which is a response as any other.
  if (kind === 'throw') return withCookies(Response.json({}, { status: 500 }));
  if (kind === 'stream') return withCookies(streamed());
  // The headers of this one are immutable, so that its own cookies need a copy.
  const fixed = Response.redirect(new URL('/public', request.url), 302);
  if (kind === 'redirect') return withCookies(new Response(fixed.body, fixed));
  if (kind === 'json' || kind === 'provider') return withCookies(Response.json(tokens));
  const headers = { 'X-Kind': kind, 'Cache-Control': 'public', 'CDN-Cache-Control': 'public' };
  return withCookies(new Response('ok', { headers }));
}

function withCookies(response: Response): Response {
  response.headers.append('Set-Cookie', 'app=1; Path=/');
  response.headers.append('Set-Cookie', 'late=1');
  return response;
}

function streamed(): Response {
  const chunks = ['one', 'two'].map((text) => new TextEncoder().encode(text));
  return new Response(
    new ReadableStream({
      pull(controller) {
        const chunk = chunks.shift();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
    }),
  );
}

export function startHost(setup: HostSetup): Promise<RunningHost> {
  const web = createWebSessions(setup.sessions, setup.options);
  const routes = createRoutes(web, setup);
  return serve((request, ip) =>
    web.handle({ request, ip }, async (sessions) => {
      const { pathname } = new URL(request.url);
      const [, kind] = /^\/login\/(.+)$/.exec(pathname) ?? [];
      const method = request.method === 'HEAD' ? 'GET' : request.method;
      if (kind !== undefined) return signInBy(kind, sessions, request);
      const route = routes[`${method} ${pathname}`];
      return route ? route(sessions, request) : new Response(null, { status: 404 });
    }),
  );
}
