import { adopt, expressSession } from '@sess/adopt';
import { describe, expect, it } from 'vitest';
import { createClassicOn, createJar, load, openApp, openEngine } from './help.js';

interface Original {
  (options: object): import('express').RequestHandler;
  readonly MemoryStore: new () => Parameters<typeof expressSession>[0]['store'];
}
const original = load('express-session') as Original;

/** What the old application kept, in the form that the new one reads. */
interface Old {
  readonly cookie?: unknown;
  readonly user?: string;
  readonly cart?: readonly string[];
}

const mount = (app: import('express').Express): void => {
  app.get('/login', (req, res) => {
    req.session.user = 'ada';
    req.session.cart = ['tea'];
    res.end();
  });
  app.get('/push', (req, res) => {
    req.session.cart?.push('milk');
    res.end();
  });
  app.get('/logout', (req, res) => void req.session.destroy(() => void res.end()));
  app.get('/', (req, res) => void res.json([req.session.user ?? null, req.session.cart ?? null]));
};

describe('a session of express-session that session() takes over', () => {
  it('goes on with its data, once for parallel requests, and ends by a sign-out', async () => {
    const store = new original.MemoryStore();
    const secret = 'the secret of express-session';
    const settings = { store, secret, resave: false, saveUninitialized: false };
    const before = await openApp(original(settings), mount);
    await before.get('/login');
    const { sessions } = openEngine();
    const taken = adopt<Old>(sessions, {
      from: expressSession<Old>({ store, secret }),
      secret: 'key material of thirty-two bytes or more',
      subject: ({ user }) => user,
      data: ({ cookie: _cookie, ...data }) => data,
    });
    const after = await openApp(createClassicOn(sessions, { adopt: taken }), mount);
    const jar = createJar(after.url, before.cookies);
    const answers = await Promise.all(Array.from({ length: 10 }, () => jar.copy().get('/')));
    expect(new Set(answers)).toEqual(new Set(['["ada",["tea"]]']));
    await jar.get('/push');
    expect(await jar.get('/')).toBe('["ada",["tea","milk"]]');
    expect(await sessions.list('ada')).toHaveLength(1);
    await jar.get('/logout');
    expect(await jar.get('/')).toBe('[null,null]');
    expect(await before.get('/')).toBe('[null,null]');
  });
});
