import { type AdoptSource, adopt } from '@sess/adopt';
import { createSessions, type Sessions } from '@sess/core';
import type { HttpOptions } from '@sess/core/http';
import * as fastify from '@sess/fastify';
import * as hono from '@sess/hono';
import { silentLogger } from '@sess/testkit';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { describe, expect, it, onTestFinished } from 'vitest';

/** Sends a GET with cookies. Returns the user, and the cookies that the response sets. */
type Visit = (cookie: string) => Promise<{ readonly user: unknown; readonly cookies: string[] }>;

async function openFastify(sessions: Sessions, options: HttpOptions): Promise<Visit> {
  const app = Fastify();
  onTestFinished(() => app.close());
  await app.register(fastify.sessionMiddleware(sessions, options));
  app.get('/me', async (request) => ({ user: request.session?.subject ?? null }));
  return async (cookie) => {
    const response = await app.inject({ url: '/me', headers: { cookie } });
    const lines = response.headers['set-cookie'] ?? [];
    return { user: response.json().user, cookies: Array.isArray(lines) ? lines : [lines] };
  };
}

async function openHono(sessions: Sessions, options: HttpOptions): Promise<Visit> {
  const app = new Hono().use(hono.sessionMiddleware(sessions, options));
  app.get('/me', (c) => c.json({ user: c.var.session?.subject ?? null }));
  return async (cookie) => {
    const response = await app.request('http://localhost/me', { headers: { cookie } });
    const { user } = (await response.json()) as { readonly user: unknown };
    return { user, cookies: response.headers.getSetCookie() };
  };
}

describe.each([
  ['Fastify', openFastify],
  ['Hono', openHono],
] as const)('the option adopt on %s', (_name, open) => {
  it('takes an old session over once, and ends it when the new cookie was presented', async () => {
    const live = new Set(['one']);
    const from: AdoptSource<string> = {
      name: 'test',
      cookies: { names: ['old'] },
      read: ({ cookie }) => cookie('old'),
      load: async (sid) => (live.has(sid) ? { data: 'ada' } : undefined),
      end: async (sid) => void live.delete(sid),
    };
    const sessions = createSessions({ logger: silentLogger });
    const visit = await open(sessions, {
      transport: 'cookie',
      cookie: { secure: false },
      adopt: adopt<string>(sessions, { from, secret: 's'.repeat(32), subject: (old) => old }),
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => visit('old=one')));
    expect(new Set(answers.map(({ user }) => user))).toEqual(new Set(['ada']));
    const [line = '', ...others] = new Set(answers.flatMap(({ cookies }) => cookies));
    expect(others).toEqual([]);
    expect(await sessions.list('ada')).toHaveLength(1);
    expect(live.size).toBe(1);
    const both = await visit(`old=one; ${line.split(';')[0]}`);
    expect(both.user).toBe('ada');
    expect(both.cookies).toContainEqual(expect.stringMatching(/^old=;.*Max-Age=0/));
    expect(live.size).toBe(0);
    expect((await visit('old=none')).user).toBeNull();
  });
});
