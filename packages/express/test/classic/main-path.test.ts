import type { RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { createFace, createJar, FRAMEWORKS, load, original, startApp } from './help.js';

interface Passport {
  use(strategy: unknown): void;
  serializeUser(serialize: (user: { id: string }, done: Done) => void): void;
  deserializeUser(deserialize: (id: string, done: Done) => void): void;
  session(): RequestHandler;
  initialize(): RequestHandler;
  authenticate(name: string, options?: object): RequestHandler;
}
type Done = (error: unknown, user?: unknown, info?: { readonly message: string }) => void;

/** What Passport adds to a request. */
interface WithPassport {
  readonly user?: { readonly id: string };
  logout(callback: (error?: unknown) => void): void;
  flash(name: string, text?: string): string[];
}

const { Passport } = load('passport') as { readonly Passport: new () => Passport };
const { Strategy } = load('passport-local') as {
  readonly Strategy: new (verify: (name: string, password: string, done: Done) => void) => unknown;
};
const flash = load('connect-flash') as () => RequestHandler;

function createPassport(): Passport {
  const passport = new Passport();
  passport.use(
    new Strategy((name, password, done) =>
      password === 'right'
        ? done(null, { id: name })
        : done(null, false, { message: 'Unknown or wrong' }),
    ),
  );
  passport.serializeUser((user, done) => done(null, user.id));
  passport.deserializeUser((id, done) => done(null, { id }));
  return passport;
}

describe.each(FRAMEWORKS)('%s', (_name, framework) => {
  describe.each([createFace(), original])('$name', (face) => {
    it('the cart of a visitor survives the sign-in, and the flash message is shown once', async () => {
      const passport = createPassport();
      const url = await startApp({ face, framework }, (app) => {
        app.use(passport.initialize(), passport.session(), flash());
        app.post('/cart', (req, res) => {
          req.session.cart = [...(req.session.cart ?? []), String(req.body.item)];
          res.redirect('/');
        });
        app.post(
          '/login',
          passport.authenticate('local', {
            keepSessionInfo: true,
            failureRedirect: '/login',
            failureFlash: true,
            successRedirect: '/',
          }),
        );
        app.post('/logout', (req, res, next) => {
          const { logout, flash } = req as unknown as WithPassport;
          logout.call(req, (error) => {
            if (error) return next(error);
            flash.call(req, 'info', 'Goodbye');
            res.redirect('/');
          });
        });
        app.get('/', (req, res) => {
          const { user, flash } = req as unknown as WithPassport;
          const texts = [...flash.call(req, 'error'), ...flash.call(req, 'info')];
          res.json({ user: user?.id, cart: req.session.cart, texts });
        });
      });
      const jar = createJar(url);
      const show = async () => JSON.parse((await jar.send('/')).text);
      expect(await show()).toEqual({ texts: [] });
      await jar.post('/cart', { item: 'tea' });
      await jar.post('/cart', { item: 'milk' });
      expect(await show()).toEqual({ cart: ['tea', 'milk'], texts: [] });
      await jar.post('/login', { username: 'ada', password: 'wrong' });
      expect(await show()).toEqual({ cart: ['tea', 'milk'], texts: ['Unknown or wrong'] });
      await jar.post('/login', { username: 'ada', password: 'right' });
      expect(await show()).toEqual({ user: 'ada', cart: ['tea', 'milk'], texts: [] });
      const before = jar.copy();
      await jar.post('/logout');
      expect(await show()).toEqual({ texts: ['Goodbye'] });
      expect(await show()).toEqual({ texts: [] });
      expect(JSON.parse((await before.send('/')).text)).toEqual({ texts: [] });
    });
  });
});
