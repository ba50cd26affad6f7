import { createSessions } from '@sess/core';
import { session } from '@sess/express/classic';
import { sessionMiddleware } from '@sess/express/unaugmented';
import { describe, expect, it } from 'vitest';
import { createClassic, createClassicOn, FACES, open, openApp, openEngine } from './help.js';

const sessions = createSessions();
const subject = (): undefined => undefined;

/** Options that are refused, and what the message contains. */
const REFUSED: readonly (readonly [string, object, RegExp])[] = [
  ['no options', undefined as never, /^session: subject: expected a function/],
  ['no subject', {}, /data\.passport\?\.user/],
  ['a subject that is no function', { subject: 'user' }, /Got a string\.$/],
  ['secret', { subject, secret: 'hush' }, /Tokens are looked up/],
  ['secrets', { subject, secret: ['hush'] }, /leave it out\. Got an object\.$/],
  ['store', { subject, store: {} }, /redisStore/],
  ['genid', { subject, genid: () => '1' }, /engine creates the ids/],
  ['proxy', { subject, proxy: true }, /trust proxy/],
  ['key', { subject, key: 'sid' }, /Write name/],
  ['resave: true', { subject, resave: true }, /Only changes are stored/],
  ['saveUninitialized: true', { subject, saveUninitialized: true }, /with the first write/],
  ['an unknown unset', { subject, unset: 'other' }, /'destroy' or 'keep'/],
  ['a rolling that is no boolean', { subject, rolling: 1 }, /true or false/],
  ['a misspelt option', { subject, savUninitialized: false }, /no such option/],
  ['a function as cookie', { subject, cookie: () => ({}) }, /expected an object/],
  [
    'cookie.domain',
    { subject, cookie: { domain: 'example.com' } },
    /Every server below the domain/,
  ],
  ['cookie.expires', { subject, cookie: { expires: new Date() } }, /cookie\.maxAge/],
  ['cookie.httpOnly: false', { subject, cookie: { httpOnly: false } }, /Scripts must not/],
  ["cookie.secure: 'auto'", { subject, cookie: { secure: 'auto' } }, /http:\/\/localhost/],
  [
    "cookie.sameSite: 'auto'",
    { subject, cookie: { sameSite: 'auto' } },
    /'lax', 'strict' or 'none'/,
  ],
  ['cookie.priority', { subject, cookie: { priority: 'high' } }, /Leave it out/],
  ['cookie.signed', { subject, cookie: { signed: true } }, /cannot be guessed/],
  ['a maxAge in seconds', { subject, cookie: { maxAge: 600 } }, /milliseconds from 1000/],
  ['a maxAge as text', { subject, cookie: { maxAge: '1d' } }, /milliseconds/],
  ['an unknown attribute', { subject, cookie: { maxage: 60_000 } }, /no such option/],
  ['a name with a prefix', { subject, name: '__Host-sid' }, /cookie\.name/],
  ['a path without a slash', { subject, cookie: { path: 'app' } }, /cookie\.path/],
  [
    "sameSite: 'none' without secure",
    { subject, cookie: { sameSite: 'none', secure: false } },
    /secure/,
  ],
  ['an unknown onStoreError', { subject, onStoreError: 'next' }, /onStoreError/],
];

describe('session()', () => {
  it.each(REFUSED)(
    'refuses %s when it is called, with what to write instead',
    (_kind, options, message) => {
      let thrown: unknown;
      try {
        session(sessions, options as never);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({
        name: 'UsageError',
        code: 'invalid_option',
        message: expect.stringMatching(message),
      });
      expect(String(thrown)).not.toContain('hush');
    },
  );

  it('refuses the options of express-session in place of an engine', () => {
    expect(() => session({ secret: 'hush' } as never, { subject })).toThrow(/createSessions\(/);
    expect(() => session(undefined as never, { subject })).toThrow(/createSessions\(/);
  });

  it('accepts the options that people write for express-session and that hold anyway', () => {
    const options = {
      subject,
      resave: false,
      saveUninitialized: false,
      rolling: true,
      unset: 'keep',
    } as const;
    expect(
      session(sessions, { ...options, cookie: { httpOnly: true, secure: true, sameSite: true } }),
    ).toBeTypeOf('function');
  });
});

describe('the cookie', () => {
  const lineOf = async (
    options: Parameters<typeof createClassic>[0],
    path = '/',
  ): Promise<string> => {
    const jar = await open(createClassic(options).middleware, (req, res) => {
      req.session.user = 'ada';
      res.end();
    });
    return (await jar.send(path)).setCookies.at(-1) ?? '';
  };

  it('has all safe attributes by default', async () => {
    expect(await lineOf({})).toMatch(
      /^__Host-sess=srt_[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  it.each([
    [{ name: 'app.sid' }, /^__Host-app\.sid=/],
    [{ cookie: { secure: false } }, /^sess=srt_[^;]+; Path=\/; HttpOnly; SameSite=Lax$/],
    [{ cookie: { sameSite: true } }, /SameSite=Strict/],
    [{ cookie: { sameSite: false } }, /SameSite=Lax/],
    [{ cookie: { sameSite: 'none' } }, /SameSite=None/],
    [{ cookie: { partitioned: true } }, /SameSite=None; Partitioned|Partitioned/],
    [{ cookie: { maxAge: 90_000 } }, /Max-Age=90$/],
    [{ cookie: { maxAge: null } }, /SameSite=Lax$/],
  ] as const)('has what the options say: %j', async (options, line) => {
    expect(await lineOf(options as never)).toMatch(line);
  });

  it('is read as the options have it by req.session.cookie, whose attributes cannot be written', async () => {
    const jar = await open(
      createClassic({ cookie: { secure: false, sameSite: 'strict' } }).middleware,
      (req, res) => {
        const { cookie } = req.session;
        let thrown: unknown;
        try {
          (cookie as { secure: boolean }).secure = true;
        } catch (error) {
          thrown = error;
        }
        const { secure, sameSite, httpOnly, path, domain } = cookie;
        res.json([secure, sameSite, httpOnly, path, domain ?? null, thrown instanceof TypeError]);
      },
    );
    expect(JSON.parse(await jar.get('/'))).toEqual([false, 'strict', true, '/', null, true]);
  });

  it('of a path leaves requests outside of it without a session', async () => {
    const jar = await open(createClassic({ cookie: { path: '/admin' } }).middleware, (req, res) => {
      if (req.session === undefined) res.send('none');
      else {
        req.session.note = 1;
        res.send('session');
      }
    });
    expect(await jar.get('/')).toBe('none');
    const answer = await jar.send('/admin/page');
    expect([answer.text, answer.setCookies.length]).toEqual(['session', 1]);
    expect(answer.setCookies[0]).toMatch(/^__Secure-sess=.*Path=\/admin/);
  });
});

describe.each(FACES)('%s: the lifetime of the cookie object', (_name, createFace) => {
  const shown = async (
    change: (cookie: Express.Request['session']['cookie']) => void,
    maxAge?: number,
  ) => {
    const options = maxAge === undefined ? {} : { cookie: { maxAge } };
    const jar = await open(createFace(options).middleware, (req, res) => {
      const { cookie } = req.session;
      change(cookie);
      const { originalMaxAge, expires } = cookie;
      // A part of the time may have passed.
      const toMinutes = (value: unknown) =>
        typeof value === 'number' ? Math.ceil(value / 60_000) : value;
      res.json([toMinutes(originalMaxAge), toMinutes(cookie.maxAge), expires instanceof Date]);
    });
    return JSON.parse(await jar.get('/'));
  };

  it('is null without maxAge, and else that of the options', async () => {
    expect(await shown(() => undefined)).toEqual([null, null, false]);
    expect(await shown(() => undefined, 3_600_000)).toEqual([60, 60, true]);
  });

  it('follows maxAge', async () => {
    const shownLater = await shown((cookie) => {
      cookie.maxAge = 5_400_000;
    });
    expect(shownLater).toEqual([90, 90, true]);
    expect(
      await shown((cookie) => {
        cookie.maxAge = null;
      }, 60_000),
    ).toEqual([null, null, false]);
  });

  it('follows expires', async () => {
    const shownLater = await shown((cookie) => {
      cookie.expires = new Date(Date.now() + 5_400_000);
    });
    expect(shownLater).toEqual([90, 90, true]);
    expect(
      await shown((cookie) => {
        cookie.expires = false;
      }, 60_000),
    ).toEqual([false, false, false]);
  });

  it('starts again with resetMaxAge', async () => {
    const jar = await open(createFace({ cookie: { maxAge: 60_000 } }).middleware, (req, res) => {
      req.session.cookie.originalMaxAge = 7_200_000;
      req.session.resetMaxAge();
      res.json(Math.ceil(Number(req.session.cookie.maxAge) / 60_000));
    });
    expect(await jar.get('/')).toBe('120');
  });

  it('refuses a maxAge that is no number', async () => {
    const jar = await open(createFace().middleware, (req, _res) => {
      req.session.cookie.maxAge = '1d' as never;
    });
    expect((await jar.send('/')).status).toBe(500);
  });
});

describe('two middlewares that own req.session', () => {
  it.each([
    ['before', (face: import('express').RequestHandler) => [sessionMiddleware(sessions), face]],
    ['after', (face: import('express').RequestHandler) => [face, sessionMiddleware(sessions)]],
  ])('are refused: sessionMiddleware() %s', async (_order, both) => {
    const jar = await openApp(
      (_req, _res, next) => next(),
      (app) =>
        app.use(...both(createClassicOn(sessions)), (req, res) => void res.json(req.session)),
    );
    const answer = await jar.send('/');
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([500, 'middleware_conflict']);
  });

  it('are refused: an object that another one has put there, before or after', async () => {
    const foreign: import('express').RequestHandler = (req, _res, next) => {
      Object.assign(req, { session: { user: 'mallory' } });
      next();
    };
    const { sessions: engine } = openEngine();
    const before = await openApp(foreign, (app) => app.use(createClassicOn(engine)));
    expect(JSON.parse(await before.get('/')).code).toBe('middleware_conflict');
    const after = await openApp(createClassicOn(engine), (app) => app.use(foreign));
    expect(JSON.parse(await after.get('/'))).toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(/Object\.assign\(req\.session/),
    });
  });
});
