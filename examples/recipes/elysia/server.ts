import { createSessions, type RequestSession, readDuration } from '@sess/core';
import { createWebSessions } from '@sess/web';
import { Elysia } from 'elysia';

const renewAfter = readDuration('RENEW_AFTER', process.env['RENEW_AFTER']) ?? '15m';
const web = createWebSessions(createSessions({ renewAfter }), { transport: 'cookie' });
const held = new WeakMap<Request, RequestSession>();

function show(body: string): Response {
  const headers = { 'Content-Type': 'text/html; charset=utf-8' };
  return new Response(`<!doctype html><title>Recipe</title>${body}`, { headers });
}

const account = web.guard({ redirectTo: '/sign-in' }, ({ session }) =>
  show(`<p>Signed in as ${session.subject}</p>
<form method="post" action="/session/logout"><button>Sign out</button></form>`),
);

const app = new Elysia()
  .derive(({ request }) => ({ sessions: held.get(request) as RequestSession }))
  .get('/', () => show('<a href="/account">Account</a>'))
  .get('/sign-in', () => show('<form method="post"><button>Sign in</button></form>'))
  .post('/sign-in', async ({ sessions, redirect }) => {
    // Check a password here.
    await sessions.start({ subject: 'ada' });
    return redirect('/account', 303);
  })
  .get('/account', ({ sessions }) => account(sessions));

Bun.serve({
  hostname: 'localhost',
  port: process.env['PORT'] ?? 3000,
  fetch: (request, server) =>
    web.handle({ request, ip: server.requestIP(request)?.address }, (sessions) => {
      held.set(request, sessions);
      return app.handle(request);
    }),
});
