import { createSessions, type Sessions } from '@sess/core';
import { redisStore } from '@sess/redis';
import { openStandalone, type StandaloneServer } from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import type { Express } from 'express';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { type OpenClient, openPatientIoredis } from '../../../../redis/test/clients.js';
import { createClassicOn, createGate, type Jar, openApp } from '../help.js';

let server: StandaloneServer;
let opened: OpenClient;
let run = 0;
beforeAll(async () => {
  server = await openStandalone(inject('servers'));
  opened = await openPatientIoredis(server.url);
});
afterAll(async () => {
  await opened?.close();
  await server?.stop();
});

/** What the tests need of a shop: it waits at `?wait`, once it has read the session. */
function mountShop(app: Express): void {
  app.use(async (req, _res, next) => {
    void req.session.note;
    if (req.query['wait']) {
      waiting.entered.open();
      await waiting.gate.opened;
    }
    next();
  });
  app.post('/write/:name', (req, res) => {
    Object.assign(req.session, { [req.params.name]: req.body.value ?? 1 });
    res.redirect('/');
  });
  app.post('/push', (req, res) => {
    req.session.cart ??= [];
    req.session.cart.push(req.body.item);
    res.redirect('/');
  });
  app.post('/logout', (req, res, next) => {
    req.session.destroy((error) => (error ? next(error) : res.redirect('/')));
  });
  app.post('/regenerate', async (req, res) => {
    await req.session.regenerate();
    req.session.note = 'after';
    res.redirect('/');
  });
  app.get('/', (req, res) => {
    const { cookie: _cookie, ...data } = req.session;
    res.json(data);
  });
}

let waiting: Readonly<Record<'entered' | 'gate', ReturnType<typeof createGate>>>;
let sessions: Sessions;
let jar: Jar;
const read = async (from = jar): Promise<unknown> => JSON.parse(await from.get('/'));
beforeEach(async () => {
  run += 1;
  const store = redisStore(opened.client, {
    keyPrefix: `classic-${process.pid}-${run}:`,
    timeout: '10s',
  });
  sessions = createSessions({ store, logger: silentLogger });
  waiting = { entered: createGate(), gate: createGate() };
  jar = await openApp(createClassicOn(sessions), mountShop);
});
afterEach(() => sessions.close());

describe('on Redis', { timeout: 60_000 }, () => {
  it('the cart of a visitor is kept by a sign-in, and by a sign-out that removes the user alone', async () => {
    await jar.post('/push', { item: 'tea' });
    await jar.post('/push', { item: 'milk' });
    const visitor = jar.copy();
    await jar.post('/write/user', { value: 'ada' });
    expect(await read()).toEqual({ user: 'ada', cart: ['tea', 'milk'] });
    expect(await sessions.list('ada')).toHaveLength(1);
    expect(await read(visitor)).toEqual({});
  });

  it('a destroyed session, and a revoked one, is gone', async () => {
    for (const end of [() => jar.post('/logout'), () => sessions.revokeAll('ada')]) {
      await jar.post('/write/user', { value: 'ada' });
      const copy = jar.copy();
      await end();
      expect(await read(copy)).toEqual({});
      expect(await sessions.list('ada')).toEqual([]);
    }
  });

  it('regenerate leads to a new session', async () => {
    await jar.post('/write/user', { value: 'ada' });
    const copy = jar.copy();
    await jar.post('/regenerate');
    expect(await read()).toEqual({ note: 'after' });
    expect(await read(copy)).toEqual({});
  });

  it('members that parallel requests write are all kept, of a visitor and of a user', async () => {
    await jar.post('/write/cart');
    for (const user of [undefined, 'ada']) {
      if (user !== undefined) await jar.post('/write/user', { value: user });
      const names = Array.from({ length: 20 }, (_, index) => `${user ?? 'visitor'}${index}`);
      const answers = await Promise.all(names.map((name) => jar.copy().post(`/write/${name}`)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([302]));
      expect(Object.keys((await read()) as object)).toEqual(expect.arrayContaining(names));
    }
  });

  it('a late write does not bring back what ended', async () => {
    await jar.post('/write/user', { value: 'ada' });
    const slow = jar.copy().post('/write/note?wait=1');
    await waiting.entered.opened;
    await sessions.revokeAll('ada');
    waiting.gate.open();
    expect((await slow).status).toBe(302);
    expect(await sessions.list('ada')).toEqual([]);
    expect(await read()).toEqual({});
  });

  it('a sign-in keeps what another request wrote beside it', async () => {
    await jar.post('/write/cart', { value: 'tea' });
    const slow = jar.post('/write/user?wait=1', { value: 'ada' });
    await waiting.entered.opened;
    await jar.copy().post('/write/note', { value: 'parallel' });
    waiting.gate.open();
    await slow;
    expect(await read()).toEqual({ user: 'ada', cart: 'tea', note: 'parallel' });
  });

  it('a change of the user ends the session of the first', async () => {
    await jar.post('/write/user', { value: 'ada' });
    await jar.post('/write/user', { value: 'bob' });
    expect(await read()).toEqual({ user: 'bob' });
    expect(await sessions.list('ada')).toEqual([]);
    expect(await sessions.list('bob')).toHaveLength(1);
  });
});
