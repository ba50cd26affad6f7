import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { Browser, locationOf } from '../../test/demo/form-browser.js';
import { createLinkRoutes } from '../guides/sign-in-link.js';
import { openSite } from './site.js';

it('a link in a mail signs the browser in that asked for it, once', async () => {
  const mails: { readonly to: string; readonly link: string }[] = [];
  const origin = await openSite((site) =>
    createLinkRoutes({
      origin: site,
      limit: (_req, _res, next) => next(),
      send: async (mail) => void mails.push(mail),
      userOf: async (email) => `user of ${email}`,
    }),
  );
  const [laptop, other] = [new Browser(origin), new Browser(origin)];
  await laptop.submit('/sign-in/link', { email: ' Ada@Example.com' });
  await laptop.submit('/sign-in/link', { email: 'ada@example.com' });
  const [first, second] = mails.map(({ link }) => link.slice(origin.length));
  expect(mails[0]).toEqual({
    to: 'ada@example.com',
    link: expect.stringMatching(/^http:\/\/localhost:\d+\/sign-in\/link\?token=[\w-]{43}$/),
  });

  // A program that looks into mails, and a person to whom the mail was forwarded.
  expect(locationOf(await other.load(first ?? ''))).toBe('/sign-in');
  const forged = `/sign-in/link?token=${randomBytes(32).toString('base64url')}`;
  expect(locationOf(await laptop.load(forged))).toBe('/sign-in');
  const guest = laptop.cookie;
  expect(locationOf(await laptop.load(first ?? ''))).toBe('/');
  expect(JSON.parse((await laptop.load('/')).text)).toMatchObject({
    subject: 'user of ada@example.com',
  });
  expect(locationOf(await laptop.load(first ?? ''))).toBe('/sign-in');

  // The browser before the sign-in: its guest has ended with all that it had.
  other.cookie = guest;
  expect(locationOf(await other.load(second ?? ''))).toBe('/sign-in');
});
