import { Passport } from 'passport';
import { Strategy } from 'passport-local';
import { expect, it } from 'vitest';
import { Browser, locationOf } from '../../test/demo/form-browser.js';
import { createPassportRoutes } from '../guides/sign-in-passport.js';
import { openSite } from './site.js';

it('Passport without its session checks the password, and start makes the session', async () => {
  const passport = new Passport();
  passport.use(
    new Strategy((username, password, done) =>
      password === 'right' ? done(null, { id: username }) : done(null, false),
    ),
  );
  const origin = await openSite(() => createPassportRoutes(passport));
  const browser = new Browser(origin);
  const wrong = await browser.submit('/sign-in/passport', { username: 'ada', password: 'wrong' });
  expect(wrong.headers.location).toBe('/sign-in');
  expect(browser.cookie).toBeUndefined();

  const right = await browser.submit('/sign-in/passport', { username: 'ada', password: 'right' });
  expect(locationOf(right)).toBe('/');
  expect((await browser.load('/private')).text).toBe('private page of ada');
  const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
  const form = { username: 'eve', password: 'right' };
  expect((await browser.submit('/sign-in/passport', form, foreign)).status).toBe(403);
  expect((await browser.load('/private')).text).toBe('private page of ada');
});
