import { createHash, randomBytes } from 'node:crypto';
import express, { type Express, type Request, type RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import {
  type CreateFace,
  createClassicOn,
  FACES,
  FRAMEWORKS,
  listen,
  load,
  type open,
  openApp,
  openEngine,
} from './help.js';

type Done = (error: unknown, user?: unknown, info?: { readonly message: string }) => void;

interface Passport {
  use(strategy: unknown): void;
  serializeUser(serialize: (user: { id: string }, done: Done) => void): void;
  deserializeUser(deserialize: (id: string, done: Done) => void): void;
  initialize(): RequestHandler;
  session(): RequestHandler;
  authenticate(name: string, options?: object): RequestHandler;
}

/** What the middlewares add to a request. */
interface Extended {
  readonly user?: { readonly id: string };
  login(user: object, options: object, callback: (error?: unknown) => void): void;
  logout(options: object, callback: (error?: unknown) => void): void;
  flash(name: string, text?: string): string[];
}
const extended = (req: Request): Extended => req as unknown as Extended;

const { Passport } = load('passport') as { readonly Passport: new () => Passport };
const { Strategy: LocalStrategy } = load('passport-local') as {
  readonly Strategy: new (verify: (name: string, password: string, done: Done) => void) => unknown;
};
const { Strategy: OAuth2Strategy } = load('passport-oauth2') as {
  readonly Strategy: new (
    options: object,
    verify: (access: string, refresh: string, profile: object, done: Done) => void,
  ) => { userProfile(token: string, done: Done): void };
};
const flash = load('connect-flash') as () => RequestHandler;

function createPassport(...strategies: readonly unknown[]): Passport {
  const passport = new Passport();
  for (const strategy of strategies) passport.use(strategy);
  passport.serializeUser((user, done) => done(null, user.id));
  passport.deserializeUser((id, done) => done(null, { id }));
  return passport;
}

const local = (): unknown =>
  new LocalStrategy((name, password, done) =>
    password === 'right'
      ? done(null, { id: name })
      : done(null, false, { message: 'Unknown or wrong' }),
  );

/** A shop with a sign-in by Passport, as it is written for express-session. */
function mountShop(app: Express): void {
  const passport = createPassport(local());
  app.use(passport.initialize(), passport.session(), flash());
  app.post('/cart', (req, res) => {
    req.session.cart = [...(req.session.cart ?? []), String(req.body.item)];
    res.redirect('/');
  });
  const redirects = { failureRedirect: '/login', failureFlash: true, successRedirect: '/' };
  app.post('/login', passport.authenticate('local', { keepSessionInfo: true, ...redirects }));
  app.post('/login-bare', passport.authenticate('local', redirects));
  app.post('/login-remember', passport.authenticate('local'), (req, res) => {
    req.session.cookie.maxAge = 7 * 86_400_000;
    res.redirect('/');
  });
  app.post('/logout', (req, res, next) => {
    extended(req).logout({ keepSessionInfo: req.body.keep === 'on' }, (error) => {
      if (error) return next(error);
      extended(req).flash('info', 'Goodbye');
      res.redirect('/');
    });
  });
  app.get('/', (req, res) => {
    const { user } = extended(req);
    const texts = [...extended(req).flash('error'), ...extended(req).flash('info')];
    res.json({ user: user?.id, cart: req.session.cart, texts });
  });
}

describe.each(FRAMEWORKS)('%s', (_name, framework) => {
  describe.each(FACES)('%s: Passport with connect-flash', (_face, createFace) => {
    const start = async () => {
      const jar = await openApp(createFace().middleware, mountShop, framework);
      const show = async () => JSON.parse(await jar.get('/')) as object;
      const signIn = (path = '/login', password = 'right') =>
        jar.post(path, { username: 'ada', password });
      return { jar, show, signIn };
    };

    it('the cart of a visitor survives a sign-in that keeps session info', async () => {
      const { jar, show, signIn } = await start();
      expect(await show()).toEqual({ texts: [] });
      await jar.post('/cart', { item: 'tea' });
      await jar.post('/cart', { item: 'milk' });
      expect(await show()).toEqual({ cart: ['tea', 'milk'], texts: [] });
      await signIn();
      expect(await show()).toEqual({ user: 'ada', cart: ['tea', 'milk'], texts: [] });
    });

    it('a sign-in without session info starts with nothing', async () => {
      const { jar, show, signIn } = await start();
      await jar.post('/cart', { item: 'tea' });
      await signIn('/login-bare');
      expect(await show()).toEqual({ user: 'ada', texts: [] });
    });

    it('a message of a failed sign-in is shown once', async () => {
      const { show, signIn } = await start();
      expect((await signIn('/login', 'wrong')).headers['location']).toBe('/login');
      expect(await show()).toEqual({ texts: ['Unknown or wrong'] });
      expect(await show()).toEqual({ texts: [] });
    });

    it('a sign-out ends the session, and leaves its message to the visitor', async () => {
      const { jar, show, signIn } = await start();
      await jar.post('/cart', { item: 'tea' });
      await signIn();
      const copy = jar.copy();
      await jar.post('/logout');
      expect(await show()).toEqual({ texts: ['Goodbye'] });
      expect(await show()).toEqual({ texts: [] });
      expect(JSON.parse(await copy.get('/'))).toEqual({ texts: [] });
    });

    it('a sign-out that keeps session info leaves the cart, and signs out', async () => {
      const { jar, show, signIn } = await start();
      await jar.post('/cart', { item: 'tea' });
      await signIn();
      await jar.post('/logout', { keep: 'on' });
      expect(await show()).toEqual({ cart: ['tea'], texts: ['Goodbye'] });
    });

    it('a second sign-in in one browser takes the place of the first', async () => {
      const { jar, show, signIn } = await start();
      await signIn();
      const copy = jar.copy();
      await jar.post('/login', { username: 'bob', password: 'right' });
      expect(await show()).toEqual({ user: 'bob', texts: [] });
      expect(JSON.parse(await copy.get('/'))).toEqual({ texts: [] });
    });

    it('a lifetime that is set after the sign-in is that of the cookie', async () => {
      const { show, signIn } = await start();
      const { setCookies } = await signIn('/login-remember');
      expect(setCookies.at(-1)).toMatch(/Max-Age=604800|Expires=/);
      expect(await show()).toEqual({ user: 'ada', texts: [] });
    });
  });

  it('the users of Passport have sessions that can be listed and revoked', async () => {
    const { sessions } = openEngine();
    const jar = await openApp(createClassicOn(sessions), mountShop, framework);
    await jar.post('/login', { username: 'ada', password: 'right' });
    expect(await sessions.list('ada')).toMatchObject([
      { subject: 'ada', data: { passport: { user: 'ada' } } },
    ]);
    await sessions.revokeAll('ada');
    expect(JSON.parse(await jar.get('/'))).toEqual({ texts: [] });
    await jar.post('/login', { username: 'ada', password: 'right' });
    await jar.post('/logout');
    expect(await sessions.list('ada')).toEqual([]);
  });

  it.each(FACES)(
    '%s: a sign-in with an OAuth provider, with state and PKCE',
    async (_face, createFace) => {
      const provider = await startProvider();
      const passport = (callbackURL: string) => {
        const strategy = new OAuth2Strategy(
          {
            authorizationURL: `${provider}/authorize`,
            tokenURL: `${provider}/token`,
            clientID: 'shop',
            clientSecret: 'known to the provider',
            callbackURL,
            state: true,
            pkce: true,
          },
          (access, _refresh, _profile, done) => done(null, { id: access }),
        );
        return createPassport(strategy);
      };
      const jar = await openApp(
        createFace().middleware,
        (app) => {
          const authentic = passport('/callback');
          app.use(authentic.initialize(), authentic.session());
          app.post('/cart', (req, res) => {
            req.session.cart = ['tea'];
            res.redirect('/');
          });
          app.get('/sign-in', authentic.authenticate('oauth2'));
          app.get(
            '/callback',
            authentic.authenticate('oauth2', { keepSessionInfo: true, failureRedirect: '/failed' }),
            (_req, res) => res.redirect('/'),
          );
          app.get(
            '/',
            (req, res) => void res.json([extended(req).user?.id ?? null, req.session.cart ?? null]),
          );
        },
        framework,
      );
      await jar.post('/cart');
      const left = await jar.send('/sign-in');
      const returned = await fetch(left.headers['location'] ?? '', { redirect: 'manual' });
      const { pathname, search } = new URL(returned.headers.get('location') ?? '', jar.url);
      const headers = [
        ['Sec-Fetch-Site', 'cross-site'],
        ['Sec-Fetch-Mode', 'navigate'],
      ] as const;
      const arrived = await jar.send(pathname + search, { headers });
      expect(arrived.headers['location']).toBe('/');
      expect(JSON.parse(await jar.get('/'))).toEqual(['user of the provider', ['tea']]);
      // A state that is forged, or was used already.
      await jar.send('/sign-in');
      for (const query of ['?code=1&state=forged', search]) {
        expect((await jar.send(pathname + query, { headers })).headers['location']).toBe('/failed');
      }
    },
  );

  it.each(FACES)('%s: csrf-sync keeps its token in the session', async (_face, createFace) => {
    const { csrfSync } = load('csrf-sync') as { csrfSync(): CsrfSync };
    const { csrfSynchronisedProtection, generateToken } = csrfSync();
    const jar = await openForms(createFace, framework, csrfSynchronisedProtection, (req) =>
      generateToken(req),
    );
    await expectProtection(jar);
  });

  it.each(FACES)(
    '%s: csrf-csrf binds its token to the id of the session',
    async (_face, createFace) => {
      const { doubleCsrf } = load('csrf-csrf') as { doubleCsrf(options: object): DoubleCsrf };
      const { doubleCsrfProtection, generateCsrfToken } = doubleCsrf({
        getSecret: () => 'for tests',
        getSessionIdentifier: (req: Request) => req.session.id,
        cookieName: 'csrf',
        cookieOptions: { secure: false },
      });
      const parse: RequestHandler = (req, _res, next) => {
        const pairs = (req.headers.cookie ?? '').split('; ').map((pair) => pair.split('='));
        Object.assign(req, {
          cookies: Object.fromEntries(
            pairs.map(([name = '', ...rest]) => [name, decodeURIComponent(rest.join('='))]),
          ),
        });
        next();
      };
      const protection: RequestHandler = (req, res, next) =>
        parse(req, res, () => doubleCsrfProtection(req, res, next));
      const jar = await openForms(createFace, framework, protection, (req, res) =>
        generateCsrfToken(req, res),
      );
      await expectProtection(jar);
    },
  );

  it.each(FACES)(
    '%s: express-rate-limit counts by the id of the session',
    async (_face, createFace) => {
      const { rateLimit } = load('express-rate-limit') as {
        rateLimit(options: object): RequestHandler;
      };
      const jar = await openApp(
        createFace().middleware,
        (app) => {
          app.get('/first', (req, res) => {
            req.session.note = 1;
            res.end();
          });
          const keyGenerator = (req: Request): string => req.sessionID;
          app.use(rateLimit({ windowMs: 3_600_000, limit: 2, keyGenerator, legacyHeaders: false }));
          app.get('/', (_req, res) => void res.end());
        },
        framework,
      );
      await jar.get('/first');
      const other = jar.copy();
      other.cookies.clear();
      await other.get('/first');
      const statuses = [];
      for (const one of [jar, jar, jar, other]) statuses.push((await one.send('/')).status);
      expect(statuses).toEqual([200, 200, 429, 200]);
    },
  );
});

interface CsrfSync {
  readonly csrfSynchronisedProtection: RequestHandler;
  generateToken(req: Request): string;
}
interface DoubleCsrf {
  readonly doubleCsrfProtection: RequestHandler;
  generateCsrfToken(req: Request, res: import('express').Response): string;
}

function openForms(
  createFace: CreateFace,
  framework: typeof express,
  protection: RequestHandler,
  createToken: (req: Request, res: import('express').Response) => string,
) {
  return openApp(
    createFace().middleware,
    (app) => {
      app.use(protection);
      app.get('/form', (req, res) => {
        // The id of a visitor stays only if there is something to keep.
        req.session.note = 'form';
        res.json(createToken(req, res));
      });
      app.post('/form', (_req, res) => void res.send('accepted'));
    },
    framework,
  );
}

async function expectProtection(jar: Awaited<ReturnType<typeof open>>): Promise<void> {
  const token = JSON.parse(await jar.get('/form'));
  const post = (csrf: string, from = jar) =>
    from.send('/form', { method: 'POST', headers: [['X-CSRF-Token', csrf]] });
  expect((await post(token)).text).toBe('accepted');
  expect((await post('forged')).status).toBe(403);
  const other = jar.copy();
  for (const name of other.cookies.keys()) if (name !== 'csrf') other.cookies.delete(name);
  expect((await post(token, other)).status).toBe(403);
}

/** Starts a provider that signs in one user, and checks the PKCE verifier (RFC 7636, section 4.6). */
function startProvider(): Promise<string> {
  const challenges = new Map<string, string>();
  const app = express();
  app.get('/authorize', (req, res) => {
    const code = randomBytes(8).toString('hex');
    challenges.set(code, String(req.query['code_challenge']));
    const target = new URL(String(req.query['redirect_uri']), 'http://127.0.0.1');
    target.searchParams.set('code', code);
    target.searchParams.set('state', String(req.query['state']));
    res.redirect(target.href);
  });
  app.post('/token', express.urlencoded({ extended: false }), (req, res) => {
    const challenge = createHash('sha256')
      .update(req.body.code_verifier ?? '')
      .digest('base64url');
    if (challenges.get(req.body.code) !== challenge)
      return void res.status(400).json({ error: 'invalid_grant' });
    challenges.delete(req.body.code);
    res.json({ access_token: 'user of the provider', token_type: 'Bearer' });
  });
  return listen(app as never);
}
