import { env } from 'cloudflare:workers';
import { createSessions, readDuration } from '@sess/core';
import { sqliteStore } from '@sess/sql/sqlite';
import { createWebSessions } from '@sess/web';

// Isolates share no memory, so sessions are in D1.
const store = sqliteStore(env.DB);
const renewAfter = readDuration('RENEW_AFTER', env.RENEW_AFTER) ?? '15m';
const web = createWebSessions(createSessions({ store, renewAfter }), { transport: 'cookie' });

function show(body: string): Response {
  const headers = { 'Content-Type': 'text/html; charset=utf-8' };
  return new Response(`<!doctype html><title>Recipe</title>${body}`, { headers });
}

const account = web.guard({ redirectTo: '/sign-in' }, ({ session }) =>
  show(`<p>Signed in as ${session.subject}</p>
<form method="post" action="/session/logout"><button>Sign out</button></form>`),
);

export default {
  fetch(request: Request): Promise<Response> {
    const ip = request.headers.get('cf-connecting-ip') ?? undefined;
    return web.handle({ request, ip }, async (sessions) => {
      const { pathname } = new URL(request.url);
      if (pathname === '/account') return account(sessions);
      if (pathname !== '/sign-in') return show('<a href="/account">Account</a>');
      if (request.method !== 'POST') return show('<form method="post"><button>Sign in</button>');
      // Check a password here.
      await sessions.start({ subject: 'ada' });
      return new Response(null, { status: 303, headers: { Location: '/account' } });
    });
  },
};
