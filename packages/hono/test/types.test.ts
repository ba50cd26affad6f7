import { createSessions, type RequestSession, type Session } from '@sess/core';
import { requireSession, type SessionEnv, sessionMiddleware } from '@sess/hono';
import { Hono } from 'hono';
import { hc, type InferResponseType } from 'hono/client';
import { describe, expect, expectTypeOf, it } from 'vitest';

interface Handle {
  handle: string;
}

describe('the types of a chain', () => {
  it('the session may be null before the guard, and not behind it', () => {
    new Hono()
      .use(sessionMiddleware())
      .get('/public', (c) => {
        expectTypeOf(c.var.session).toEqualTypeOf<Session | null>();
        expectTypeOf(c.get('sessions')).toEqualTypeOf<RequestSession>();
        return c.text('');
      })
      .get('/me', requireSession(), (c) => {
        expectTypeOf(c.var.session).toExtend<Session>();
        expectTypeOf(c.var.session.subject).toEqualTypeOf<string>();
        return c.text('');
      })
      .get('/after', (c) => {
        // The guard of one route says nothing of the next.
        expectTypeOf(c.var.session).toEqualTypeOf<Session | null>();
        return c.text('');
      });
  });

  it('the session has the data type of the engine', () => {
    const sessions = createSessions<Handle>();
    new Hono()
      .use(sessionMiddleware(sessions, { routes: 'all' }))
      .post('/login', async (c) => {
        await c.var.sessions.start({ subject: 'ada', data: { handle: 'ada' } });
        // @ts-expect-error: the handle is missing
        const refused = () => c.var.sessions.start({ subject: 'ada', data: {} });
        return c.json({ refused: typeof refused, handle: c.var.session?.data.handle });
      })
      .get('/me', requireSession<Handle>({ where: ({ data }) => data.handle !== '' }), (c) => {
        expectTypeOf(c.var.session.data).toEqualTypeOf<Readonly<Handle>>();
        return c.text('');
      })
      .get('/plain', requireSession(), (c) => {
        expectTypeOf(c.var.session.data.handle).toEqualTypeOf<string>();
        return c.text('');
      });
  });

  it('the session keeps a union of literals', () => {
    new Hono()
      .use(sessionMiddleware(createSessions<{ role: 'user' | 'admin' }>()))
      .post('/login', async (c) => {
        await c.var.sessions.start({ subject: 'ada', data: { role: 'user' } });
        // @ts-expect-error: there is no such role
        const refused = () => c.var.sessions.start({ subject: 'ada', data: { role: 'root' } });
        expectTypeOf(c.var.session?.data.role).toEqualTypeOf<'user' | 'admin' | undefined>();
        return c.json({ refused: typeof refused });
      });
  });

  it('separate handlers name the environment', () => {
    const app = new Hono<SessionEnv>();
    app.get('/public', (c) => {
      expectTypeOf(c.var.session).toEqualTypeOf<Session | null>();
      return c.text('');
    });
    new Hono().get('/guarded', requireSession(), (c) => {
      expectTypeOf(c.var.session).toExtend<Session>();
      return c.text('');
    });
    new Hono().get('/me', (c) => {
      // @ts-expect-error: nothing has set it
      expect(c.var.session).toBeUndefined();
      return c.text('');
    });
  });
});

describe('hc', () => {
  const sessions = createSessions<Handle>();
  const app = new Hono()
    .use(sessionMiddleware(sessions))
    .post('/login', async (c) =>
      c.json(await c.var.sessions.start({ subject: 'ada', data: { handle: 'countess' } })),
    )
    .get('/me', requireSession<Handle>(), (c) => c.json(c.var.session));

  it('hc infers the response of a guarded route', async () => {
    const client = hc<typeof app>('http://localhost', {
      fetch: (input: string | URL | Request, init?: RequestInit) => app.request(input, init),
    });
    const login = await (await client.login.$post()).json();
    expectTypeOf(login.access_token).toEqualTypeOf<string>();
    const headers = { Authorization: `Bearer ${login.access_token}` };
    const answer = await client.me.$get({}, { headers });
    const session = await answer.json();
    expectTypeOf(session.data.handle).toEqualTypeOf<string>();
    expectTypeOf(session.expiresAt).toEqualTypeOf<number>();
    expectTypeOf<InferResponseType<typeof client.me.$get>>().not.toBeAny();
    // @ts-expect-error: there is no such field
    expect(session.secret).toBeUndefined();
    expect(session).toMatchObject({ subject: 'ada', data: { handle: 'countess' } });
  });
});
