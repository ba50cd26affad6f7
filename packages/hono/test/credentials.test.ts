import { createSessions } from '@sess/core';
import { requireSession, sessionMiddleware } from '@sess/hono';
import { signIn } from '@sess/testkit';
import { Hono, type MiddlewareHandler } from 'hono';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sendRequest } from '../../../test/kit.js';
import { serve } from './host.js';

const sessions = createSessions();
const { headers } = await signIn(sessions, { subject: 'ada' });
const { authorization } = headers;

function createApp(...before: MiddlewareHandler[]): Hono {
  const app = new Hono();
  for (const handler of before) app.use(handler);
  app.use(sessionMiddleware(sessions));
  return app.get('/', requireSession(), (c) => c.text(''));
}

describe('joined Authorization headers', () => {
  it.each([
    ['one bearer token', authorization, 200],
    ['two of them', `${authorization}, ${authorization}`, 400],
    ['another scheme before it', `Basic YTpi, ${authorization}`, 400],
    ['another scheme after it', `${authorization}, Basic YTpi`, 400],
    ['an empty line before it', `, ${authorization}`, 400],
    ['an empty line after it', `${authorization},`, 400],
    ['a token after parameters', `Digest a="b", c=d, ${authorization}`, 400],
    ['two other schemes', 'Basic YTpi, Basic YTpj', 400],
    [
      'one scheme with parameters',
      'Digest username="ada, \\", Bearer x", realm = "r", qop=auth',
      401,
    ],
    ['a quote without an end', 'Digest username="ada, Bearer x', 401],
  ])(
    '%s in one joined header is treated as separate lines would be',
    async (_what, value, status) => {
      const answer = await createApp().request('/', { headers: { Authorization: value } });
      expect(answer.status).toBe(status);
    },
  );

  it('the lines are read separately on Node, where a comma is part of one', async () => {
    const { url, close } = await serve(createApp());
    onTestFinished(close);
    const statusOf = async (...lines: string[]) =>
      (
        await sendRequest(url, {
          headers: lines.map((line) => ['Authorization', line] as const),
        })
      ).status;
    expect(await statusOf('Digest a="b", Custom x')).toBe(401);
    expect(await statusOf('Digest a="b"', 'c=d')).toBe(400);
    expect(await statusOf('', authorization)).toBe(400);
  });

  it.each(['set', 'replaced'])('the header may be %s by an earlier middleware', async (how) => {
    const { url, close } = await serve(
      createApp(async (c, next) => {
        c.req.raw = new Request(c.req.raw, { headers: { Authorization: authorization } });
        await next();
      }),
    );
    onTestFinished(close);
    const lines = how === 'set' ? [] : [['Authorization', 'Bearer other'] as const];
    expect((await sendRequest(url, { headers: lines })).status).toBe(200);
  });
});

describe('a form that was parsed', () => {
  it.each([
    ['before the middleware', 401],
    ['by nobody', 401],
  ])('a parsed form with %s is refused beside a bearer token', async (when, status) => {
    const parse: MiddlewareHandler = async (c, next) => {
      if (when !== 'by nobody') await c.req.parseBody();
      await next();
    };
    const app = new Hono()
      .use(parse, sessionMiddleware(sessions))
      .post('/', requireSession(), (c) => c.text(''));
    const body = new URLSearchParams({ access_token: 'x' });
    expect((await app.request('/', { method: 'POST', body })).status).toBe(status);
  });

  it('a sign-out with a token in two places is refused', async () => {
    const app = new Hono().use(async (c, next) => {
      await c.req.formData();
      await next();
    }, sessionMiddleware(sessions));
    const body = new URLSearchParams({ access_token: 'x' });
    const answer = await app.request('/session/logout', { method: 'POST', body, headers });
    expect(answer.status).toBe(400);
  });
});

describe('a refresh token in the body', () => {
  const app = (...before: MiddlewareHandler[]) => {
    const hono = new Hono();
    for (const handler of before) hono.use(handler);
    return hono.use(sessionMiddleware(sessions, { refreshTransport: 'body' }));
  };

  it.each([
    ['by nobody', async () => {}, 200],
    ['by Hono', (c) => c.req.json(), 200],
    ['behind the back of Hono', (c) => c.req.raw.text(), 400],
  ] as [string, (c: Parameters<MiddlewareHandler>[0]) => Promise<unknown>, number][])(
    'a refresh token in a body that was read %s results in %i',
    async (_by, read, status) => {
      const { refreshToken } = await sessions.create({ subject: 'ada' });
      const reading: MiddlewareHandler = async (c, next) => {
        await read(c);
        await next();
      };
      const answer = await app(reading).request('/session/refresh', {
        method: 'POST',
        body: JSON.stringify({ refresh_token: refreshToken }),
      });
      expect(answer.status).toBe(status);
    },
  );

  it('a body that is not UTF-8 is refused', async () => {
    const body = Uint8Array.of(0x22, 0xff, 0x22);
    const answer = await app().request('/session/refresh', { method: 'POST', body });
    expect(answer.status).toBe(400);
  });
});
