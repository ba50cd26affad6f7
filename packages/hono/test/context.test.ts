import { createSessions } from '@sess/core';
import { requireSession, sessionMiddleware } from '@sess/hono';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { areYoung } from '../../../test/generations.js';

describe('the functions of a context that the middleware replaces', () => {
  it('V8 creates them in its young generation, so that nothing keeps a context that is over', async () => {
    const sessions = createSessions();
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    let found: readonly object[] = [];
    const app = new Hono().use(sessionMiddleware(sessions, { transport: 'cookie' }));
    app.get('/', requireSession(), (c) => {
      void (c.get('session') as { readonly subject: string }).subject;
      found = [c.get, c.set, c.newResponse, c.body, c.text, c.json, c.html];
      return c.text('page');
    });
    const find = async () => {
      await app.request('/', { headers: { cookie: `__Host-sess=${refreshToken}` } });
      return found;
    };
    expect(await areYoung(find)).toBe(true);
  });
});
