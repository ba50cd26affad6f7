import { createSessions, memoryStore } from '@sess/core';
import { session } from '@sess/express/classic';
import { requireSession, sessionsOf } from '@sess/express/unaugmented';
import { createFakeClock, createMemoryLogger, silentLogger } from '@sess/testkit';
import type { Express, RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { createClassicOn, createGate, open, openApp, openEngine } from './help.js';

const app = (mounted: Express): void => {
  mounted.get('/write/:name', (req, res) => {
    Object.assign(req.session, { [req.params.name]: req.query['value'] ?? 1 });
    res.json(req.sessionID);
  });
  mounted.post('/login', (req, res) => {
    req.session.user = req.body.user;
    if (req.body.note) req.session.note = req.body.note;
    res.redirect('/');
  });
  mounted.post('/logout', (req, res) => {
    delete (req.session as { user?: string }).user;
    res.redirect('/');
  });
  mounted.get('/members', requireSession(), (_req, res) => void res.send('members'));
  mounted.get('/', (req, res) => {
    const { cookie: _cookie, ...data } = req.session;
    res.json(data);
  });
};

describe('a change of what subject returns', () => {
  it('from undefined signs in: a new sid, the data kept, the earlier cookie dead, and the session in the list', async () => {
    const { sessions } = openEngine();
    const jar = await openApp(createClassicOn(sessions), app);
    const visitor = JSON.parse(await jar.get('/write/cart?value=tea'));
    const earlier = jar.copy();
    expect(await sessions.list('ada')).toEqual([]);
    await jar.post('/login', { user: 'ada' });
    expect(JSON.parse(await jar.get('/'))).toEqual({ user: 'ada', cart: 'tea' });
    const [listed, ...others] = await sessions.list('ada');
    expect(others).toEqual([]);
    expect(listed).toMatchObject({ subject: 'ada', device: { ip: '127.0.0.1' } });
    expect(listed?.sid).not.toBe(visitor);
    expect(JSON.parse(await jar.get('/write/note'))).toBe(listed?.sid);
    expect(JSON.parse(await earlier.get('/'))).toEqual({});
  });

  it('to undefined signs out: the session ends, and a new visitor keeps the rest of the data', async () => {
    const { sessions } = openEngine();
    const jar = await openApp(createClassicOn(sessions), app);
    await jar.get('/write/cart?value=tea');
    await jar.post('/login', { user: 'ada' });
    const earlier = jar.copy();
    await jar.post('/logout');
    expect(await sessions.list('ada')).toEqual([]);
    expect(JSON.parse(await jar.get('/'))).toEqual({ cart: 'tea' });
    expect(JSON.parse(await earlier.get('/'))).toEqual({});
    expect((await jar.send('/members')).status).toBe(401);
  });

  it('to undefined without other data leaves no record, and removes the cookie', async () => {
    const { sessions, faulty } = openEngine();
    const jar = await openApp(createClassicOn(sessions), app);
    await jar.post('/login', { user: 'ada' });
    const inserts = faulty.calls.get('insert');
    await jar.post('/logout');
    expect(jar.cookies.size).toBe(0);
    expect(faulty.calls.get('insert')).toBe(inserts);
  });

  it('to another user ends the session of the first, and starts one of the second with the data', async () => {
    const { sessions } = openEngine();
    const jar = await openApp(createClassicOn(sessions), app);
    await jar.post('/login', { user: 'ada', note: 'kept' });
    const earlier = jar.copy();
    await jar.post('/login', { user: 'bob' });
    expect(JSON.parse(await jar.get('/'))).toEqual({ user: 'bob', note: 'kept' });
    expect(JSON.parse(await earlier.get('/'))).toEqual({});
    expect([await sessions.list('ada'), (await sessions.list('bob')).length]).toEqual([[], 1]);
  });

  it('takes over what parallel requests wrote before the sign-in', async () => {
    const { sessions } = openEngine();
    const entered = createGate();
    const gate = createGate();
    const jar = await openApp(createClassicOn(sessions), (mounted) => {
      app(mounted);
      mounted.get('/slow-login', async (req, res) => {
        void req.session.note;
        entered.open();
        await gate.opened;
        req.session.user = 'ada';
        res.redirect('/');
      });
    });
    await jar.get('/write/cart?value=tea');
    const slow = jar.send('/slow-login');
    await entered.opened;
    await jar.copy().get('/write/note?value=parallel');
    gate.open();
    await slow;
    expect(JSON.parse(await jar.get('/'))).toEqual({ user: 'ada', cart: 'tea', note: 'parallel' });
  });

  it('is stored by save, with the sid that the request then has', async () => {
    const { sessions } = openEngine();
    const jar = await open(createClassicOn(sessions), async (req, res) => {
      req.session.user = 'ada';
      const visitor = req.sessionID;
      await req.session.save();
      const [listed] = await sessions.list('ada');
      res.json([visitor === req.sessionID, listed?.sid === req.session.id]);
    });
    expect(JSON.parse(await jar.get('/'))).toEqual([false, true]);
  });

  it.each([
    ['a number', () => 5],
    ['an empty text', () => ''],
    ['a promise', () => Promise.resolve('ada')],
    ['an object', () => ({ id: 'ada' })],
  ])('to %s is refused, with what to write', async (_kind, subject) => {
    const { sessions } = openEngine();
    const jar = await openApp(session(sessions, { subject: subject as never }), app);
    const answer = await jar.send('/write/note');
    expect([answer.status, answer.setCookies]).toEqual([500, []]);
    expect(JSON.parse(answer.text).message).toMatch(/^subject: expected .+ Write String\(…\)/);
  });

  it('that throws makes the response an error, and changes nothing', async () => {
    const { sessions, faulty } = openEngine();
    const subject = ({ user }: { user?: string }): string => (user as string).toLowerCase();
    const jar = await openApp(session(sessions, { subject }), app);
    expect((await jar.send('/write/note')).status).toBe(500);
    expect(faulty.calls.get('insert')).toBeUndefined();
  });

  it('to null is that of a visitor', async () => {
    const { sessions } = openEngine();
    const jar = await openApp(session(sessions, { subject: ({ user }) => user ?? null }), app);
    await jar.get('/write/note');
    expect(JSON.parse(await jar.get('/'))).toEqual({ note: 1 });
  });
});

describe('a signed-in session', () => {
  it('ends with revokeAll, and the user is a visitor', async () => {
    const { sessions } = openEngine();
    const jar = await openApp(createClassicOn(sessions), app);
    await jar.post('/login', { user: 'ada' });
    expect(await sessions.revokeAll('ada')).toBe(1);
    expect(JSON.parse(await jar.get('/'))).toEqual({});
    await jar.get('/write/note');
    expect(JSON.parse(await jar.get('/'))).toEqual({ note: 1 });
  });

  it('is what guards, req.sessions and other handlers of the library see', async () => {
    const { sessions } = openEngine();
    const jar = await openApp(createClassicOn(sessions), (mounted) => {
      app(mounted);
      mounted.get('/devices', async (req, res) => {
        const listed = await req.sessions.list();
        res.json([
          listed.length,
          sessionsOf(req).session?.subject,
          req.sessionID === listed.at(-1)?.sid,
        ]);
      });
      mounted.post('/others', async (req, res) => void res.json(await req.sessions.endOthers()));
    });
    expect((await jar.send('/members')).status).toBe(401);
    await jar.post('/login', { user: 'ada' });
    const other = jar.copy();
    other.cookies.clear();
    await other.post('/login', { user: 'ada' });
    expect(await jar.get('/members')).toBe('members');
    expect(JSON.parse(await other.get('/devices'))).toEqual([2, 'ada', true]);
    expect((await other.post('/others')).text).toBe('1');
    expect((await jar.send('/members')).status).toBe(401);
    expect(await other.get('/members')).toBe('members');
  });

  it('sees what update of the engine writes, and keeps it beside its own changes', async () => {
    const { sessions } = openEngine();
    const jar = await openApp(createClassicOn(sessions), app);
    await jar.post('/login', { user: 'ada' });
    await sessions.updateAll('ada', { role: 'admin' });
    await jar.get('/write/note');
    expect(JSON.parse(await jar.get('/'))).toEqual({ user: 'ada', role: 'admin', note: 1 });
  });

  it('that handlers of the library start has its data in later requests, and survives writes', async () => {
    const { sessions } = openEngine();
    const jar = await openApp(createClassicOn(sessions), (mounted) => {
      mounted.post('/start', async (req, res) => {
        await req.sessions.start({ subject: 'ada', data: { note: 'started' } });
        req.session.other = 'written beside it';
        res.end();
      });
      app(mounted);
    });
    await jar.post('/start');
    await jar.get('/write/cart');
    expect(JSON.parse(await jar.get('/'))).toEqual({
      note: 'started',
      other: 'written beside it',
      cart: 1,
    });
    expect(await sessions.list('ada')).toHaveLength(1);
  });

  it('is renewed while it is used, by a cookie that rotates', async () => {
    const clock = createFakeClock();
    const sessions = createSessions({ clock, logger: silentLogger, store: memoryStore({ clock }) });
    const jar = await openApp(createClassicOn(sessions, { cookie: { maxAge: 86_400_000 } }), app);
    await jar.post('/login', { user: 'ada' });
    const values = new Set<string>();
    for (let hours = 0; hours < 48; hours += 4) {
      clock.advance('4h');
      expect(JSON.parse(await jar.get('/'))).toEqual({ user: 'ada' });
      values.add(String([...jar.cookies.values()]));
    }
    expect(values.size).toBe(12);
    clock.advance('25h');
    expect(JSON.parse(await jar.get('/'))).toEqual({});
  });

  it('is anonymous for an unsafe request of another site, which can write nothing', async () => {
    const { sessions } = openEngine();
    const jar = await openApp(createClassicOn(sessions), app);
    await jar.post('/login', { user: 'ada' });
    const foreign = await jar.send('/login', {
      method: 'POST',
      headers: [
        ['Sec-Fetch-Site', 'cross-site'],
        ['Content-Type', 'application/x-www-form-urlencoded'],
      ],
      body: 'user=mallory',
    });
    expect([foreign.status, foreign.setCookies]).toEqual([403, []]);
    expect(JSON.parse(await jar.get('/'))).toEqual({ user: 'ada' });
  });
});

describe('parallel requests', () => {
  it.each([
    ['two members', '/write/note', '/write/other', { user: 'ada', note: 1, other: 1 }],
    ['a member and a deletion', '/delete', '/write/other', { user: 'ada', other: 1 }],
  ])('that change %s all take effect', async (_kind, one, two, expected) => {
    for (const isSignedIn of [true, false]) {
      const { sessions } = openEngine();
      const gate = createGate();
      let waiting = 0;
      const wait: RequestHandler = async (req, _res, next) => {
        void req.session.note;
        if (req.query['wait']) {
          waiting += 1;
          if (waiting === 2) gate.open();
          await gate.opened;
        }
        next();
      };
      const jar = await openApp(createClassicOn(sessions), (mounted) => {
        mounted.use(wait);
        mounted.get('/delete', (req, res) => {
          delete req.session.cart;
          res.end();
        });
        app(mounted);
      });
      await jar.get('/write/cart');
      if (isSignedIn) await jar.post('/login', { user: 'ada' });
      await Promise.all([jar.copy().get(`${one}?wait=1`), jar.copy().get(`${two}?wait=1`)]);
      const { user, ...data } = expected;
      const cart = one === '/delete' ? {} : { cart: 1 };
      expect(JSON.parse(await jar.get('/'))).toEqual({
        ...data,
        ...cart,
        ...(isSignedIn ? { user } : {}),
      });
    }
  });

  it('a hundred that each write a member of their own are all kept', async () => {
    const { sessions } = openEngine();
    const jar = await openApp(createClassicOn(sessions), app);
    await jar.post('/login', { user: 'ada' });
    const names = Array.from({ length: 100 }, (_, index) => `n${index}`);
    await Promise.all(names.map((name) => jar.copy().get(`/write/${name}`)));
    expect(Object.keys(JSON.parse(await jar.get('/'))).sort()).toEqual(['user', ...names].sort());
  });
});

describe('the lifetime of a sign-in', () => {
  function openAt(options: Parameters<typeof createClassicOn>[1] = {}) {
    const clock = createFakeClock();
    const logger = createMemoryLogger();
    const sessions = createSessions({ clock, logger, store: memoryStore({ clock }) });
    const mount = (mounted: Express): void => {
      mounted.post('/login', (req, res) => {
        req.session.user = 'ada';
        if (req.body.remember === 'on') req.session.cookie.maxAge = 30 * 86_400_000;
        if (req.body.remember === 'off') req.session.cookie.expires = false;
        if (req.body.remember === 'date') {
          req.session.cookie.expires = new Date(clock.now() + 3_600_000);
        }
        if (req.body.remember === 'zero') req.session.cookie.maxAge = 0;
        if (req.body.remember === 'original') req.session.cookie.originalMaxAge = 7_200_000;
        res.json(req.session.cookie);
      });
      mounted.post('/late', async (req, res) => {
        req.session.user = 'ada';
        await req.session.save();
        const { sessionID } = req;
        req.session.cookie.maxAge = 30 * 86_400_000;
        res.json(sessionID);
      });
      mounted.get('/later', (req, res) => {
        req.session.cookie.maxAge = 1_000;
        res.end();
      });
      app(mounted);
    };
    const lived = async (): Promise<number> => {
      const [listed] = await sessions.list('ada');
      return listed === undefined ? 0 : listed.expiresAt - clock.now();
    };
    return {
      clock,
      sessions,
      lines: logger.lines,
      lived,
      jar: openApp(createClassicOn(sessions, options), mount),
    };
  }
  const maxAgeOf = (line = ''): string | undefined => /Max-Age=(\d+)/.exec(line)?.[1];

  it('is the browser session without maxAge, and at most a day without use', async () => {
    const { jar, lived } = openAt();
    const { setCookies, text } = await (await jar).post('/login');
    expect(maxAgeOf(setCookies.at(-1))).toBeUndefined();
    expect(JSON.parse(text)).toMatchObject({ originalMaxAge: null, expires: null });
    expect(await lived()).toBe(86_400_000);
  });

  it('is maxAge of the options', async () => {
    const { jar, lived } = openAt({ cookie: { maxAge: 3_600_000 } });
    const { setCookies, text } = await (await jar).post('/login');
    expect(maxAgeOf(setCookies.at(-1))).toBe('3600');
    expect(JSON.parse(text)).toMatchObject({ originalMaxAge: 3_600_000 });
    expect(await lived()).toBe(3_600_000);
  });

  it.each([
    ['on', '2592000', 30 * 86_400_000],
    ['date', '3600', 3_600_000],
    ['original', '7200', 7_200_000],
    ['off', undefined, 86_400_000],
  ])('is what the request that signs in sets: %s', async (remember, maxAge, milliseconds) => {
    const { jar, lived } = openAt({ cookie: { maxAge: 60_000 } });
    const { setCookies } = await (await jar).post('/login', { remember });
    expect(maxAgeOf(setCookies.at(-1))).toBe(maxAge);
    expect(await lived()).toBe(milliseconds);
  });

  it('of zero signs in no user, and ends a session', async () => {
    const { jar, lived } = openAt();
    expect((await (await jar).post('/login', { remember: 'zero' })).setCookies).toEqual([]);
    expect(await lived()).toBe(0);
    await (await jar).post('/login');
    await (await jar).post('/login', { remember: 'zero' });
    expect(await lived()).toBe(0);
  });

  it('can be set after the sign-in is stored in the same request, and the sid stays', async () => {
    const { jar, lived, sessions } = openAt();
    const { setCookies, text } = await (await jar).post('/late');
    expect(maxAgeOf(setCookies.at(-1))).toBe('2592000');
    expect(await lived()).toBe(30 * 86_400_000);
    expect((await sessions.list('ada')).map(({ sid }) => sid)).toEqual([JSON.parse(text)]);
    expect(JSON.parse(await (await jar).get('/'))).toEqual({ user: 'ada' });
  });

  it('set in a later request has no effect, and one warning', async () => {
    const { jar, lived, lines } = openAt();
    await (await jar).post('/login');
    await (await jar).get('/later');
    await (await jar).get('/later');
    expect(await lived()).toBe(86_400_000);
    expect(lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      expect.stringMatching(/^req\.session\.cookie\.maxAge was set in a later request/),
    ]);
  });

  it('with rolling: false ends at a fixed time', async () => {
    const { jar, clock, lived } = openAt({ rolling: false, cookie: { maxAge: 7_200_000 } });
    await (await jar).post('/login');
    clock.advance('90m');
    expect(JSON.parse(await (await jar).get('/'))).toEqual({ user: 'ada' });
    expect(await lived()).toBe(1_800_000);
    clock.advance('31m');
    expect(JSON.parse(await (await jar).get('/'))).toEqual({});
  });

  it('is shown by the cookie object of later requests', async () => {
    const { jar, clock } = openAt({ cookie: { maxAge: 3_600_000 } });
    await (await jar).post('/login');
    clock.advance('10m');
    const { originalMaxAge, expires } = JSON.parse((await (await jar).post('/login')).text);
    expect([originalMaxAge, Date.parse(expires) - clock.now()]).toEqual([3_600_000, 3_000_000]);
  });
});

describe('promises', () => {
  it('are what the methods return without a callback', async () => {
    const { sessions } = openEngine();
    const jar = await open(createClassicOn(sessions), async (req, res) => {
      req.session.note = 1;
      const first = req.session;
      await first.save();
      await req.session.reload();
      const { note } = req.session;
      await req.session.regenerate();
      const isNew = req.session !== first;
      await req.session.destroy();
      res.json([note, isNew, typeof req.session]);
    });
    expect(JSON.parse(await jar.get('/'))).toEqual([1, true, 'undefined']);
  });

  it('are not returned to a caller with a callback, who gets the session', async () => {
    const { sessions } = openEngine();
    const jar = await open(createClassicOn(sessions), (req, res) => {
      const { session } = req;
      const returned = session.save(() => void res.json(returned === session));
    });
    expect(await jar.get('/')).toBe('true');
  });

  it('lead from a destroyed session to a new one by regenerate of the object', async () => {
    const { sessions } = openEngine();
    const jar = await openApp(createClassicOn(sessions), (mounted) => {
      mounted.get('/restart', async (req, res) => {
        const { session } = req;
        await session.destroy();
        await session.regenerate();
        req.session.note = 'new';
        res.end();
      });
      app(mounted);
    });
    await jar.post('/login', { user: 'ada' });
    await jar.get('/restart');
    expect(JSON.parse(await jar.get('/'))).toEqual({ note: 'new' });
    expect(await sessions.list('ada')).toEqual([]);
  });

  it('of an object that was replaced reject at save, and store nothing', async () => {
    const { sessions } = openEngine();
    const jar = await open(createClassicOn(sessions), async (req, res) => {
      const { session } = req;
      await session.regenerate();
      session.note = 'late';
      const code = await session.save().catch((error) => error.code);
      await session.destroy();
      res.json([code, req.session.note ?? null]);
    });
    expect(JSON.parse(await jar.get('/'))).toEqual(['session_ended', null]);
  });
});
