import type { Express, RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { createClassic, createGate, createOriginal, type FACES, open, openApp } from './help.js';

/** Where the two differ on purpose: what the table of the migration page says, of each. */
describe('on purpose', () => {
  const write: RequestHandler = (req, res) => {
    Object.assign(req.session, { [String(req.params['name'])]: 1 });
    res.end();
  };
  const mount = (app: Express): void => {
    app.get('/login', (req, res) => {
      req.session.user = 'ada';
      res.json(req.sessionID);
    });
    app.get('/id', (req, res) => void res.json(req.sessionID));
    app.get('/write/:name', write);
    app.get('/end', (req, res) => void req.session.destroy(() => void res.end()));
    app.get('/', (req, res) => {
      const { cookie: _cookie, ...data } = req.session;
      res.json(data);
    });
  };

  /** A request that has read the session, and waits before it writes. */
  async function race(createFace: (typeof FACES)[number][1], between: string): Promise<unknown> {
    const entered = createGate();
    const gate = createGate();
    const jar = await openApp(createFace().middleware, (app) => {
      app.get('/slow', async (req, res) => {
        void req.session.note;
        entered.open();
        await gate.opened;
        req.session.note = 'slow';
        res.end();
      });
      mount(app);
    });
    await jar.get('/write/cart');
    const slow = jar.copy().get('/slow');
    await entered.opened;
    await jar.copy().get(between);
    gate.open();
    await slow;
    return JSON.parse(await jar.get('/'));
  }

  it('parallel requests keep the changes of each other', async () => {
    expect(await race(createClassic, '/write/other')).toEqual({ cart: 1, other: 1, note: 'slow' });
    expect(await race(createOriginal, '/write/other')).toEqual({ cart: 1, note: 'slow' });
  });

  it('a destroyed session stays destroyed', async () => {
    expect(await race(createClassic, '/end')).toEqual({});
    expect(await race(createOriginal, '/end')).toEqual({ cart: 1, note: 'slow' });
  });

  it.each([
    ['classic', createClassic, false],
    ['express-session', createOriginal, true],
  ] as const)(
    'the id changes at a sign-in without regenerate: %s',
    async (_name, createFace, isSame) => {
      const jar = await openApp(createFace().middleware, mount);
      await jar.get('/write/note');
      const before = await jar.get('/id');
      const copy = jar.copy();
      await jar.get('/login');
      expect((await jar.get('/id')) === before).toBe(isSame);
      // A cookie that was planted before the sign-in.
      expect(JSON.parse(await copy.get('/'))).toEqual(isSame ? { note: 1, user: 'ada' } : {});
    },
  );

  it.each([
    ['classic', createClassic, true],
    ['express-session', createOriginal, false],
  ] as const)(
    'a cookie over plain HTTP is Secure, and is set: %s',
    async (_name, createFace, isSet) => {
      const jar = await openApp(createFace({ cookie: { secure: true } }).middleware, mount);
      expect((await jar.send('/write/note')).setCookies).toHaveLength(isSet ? 1 : 0);
    },
  );

  it.each([
    ['classic', createClassic, true],
    ['express-session', createOriginal, false],
  ] as const)('destroy removes the cookie: %s', async (_name, createFace, isRemoved) => {
    const jar = await openApp(createFace().middleware, mount);
    await jar.get('/write/note');
    await jar.get('/end');
    expect(jar.cookies.size === 0).toBe(isRemoved);
  });

  it.each([
    ['classic', createClassic, 'no-store'],
    ['express-session', createOriginal, undefined],
  ] as const)(
    'a response that sets the cookie is kept by no cache: %s',
    async (_name, createFace, caching) => {
      const jar = await openApp(createFace().middleware, mount);
      expect((await jar.send('/write/note')).headers['cache-control']).toBe(caching);
    },
  );

  it.each([
    ['classic', createClassic, {}],
    ['express-session', createOriginal, { user: 'ada' }],
  ] as const)(
    'an unsafe request of another site has no session: %s',
    async (_name, createFace, data) => {
      const jar = await openApp(createFace().middleware, (app) => {
        app.post('/post', (req, res) => {
          const { cookie: _cookie, ...shown } = req.session;
          res.json(shown);
        });
        mount(app);
      });
      await jar.get('/login');
      const headers = [['Sec-Fetch-Site', 'cross-site']] as const;
      const { text } = await jar.send('/post', { method: 'POST', headers });
      expect(JSON.parse(text)).toEqual(data);
    },
  );

  it.each([
    ['classic', createClassic, 'promise'],
    ['express-session', createOriginal, 'session'],
  ] as const)(
    'save without a callback returns a %s promise or the session',
    async (_name, createFace, kind) => {
      const jar = await open(createFace().middleware, async (req, res) => {
        req.session.note = 1;
        const returned = req.session.save() as unknown;
        res.send(returned instanceof Promise ? 'promise' : 'session');
      });
      expect(await jar.get('/')).toBe(kind);
    },
  );

  it.each([
    ['classic', createClassic, 1],
    ['express-session', createOriginal, 2],
  ] as const)('save without a change writes nothing: %s', async (_name, createFace, count) => {
    const { middleware, writes } = createFace();
    const jar = await open(middleware, async (req, res) => {
      req.session.note = 1;
      req.session.save(() => {
        req.session.save(() => void res.end());
      });
    });
    await jar.get('/');
    expect(writes()).toBe(count);
  });
});
