import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createSessions } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import express from 'express';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { launchBrowser, whyNoBrowser } from '../../../../test/browser.js';

const SECOND = { name: 'sess', value: 'of-another-setting' };

/** A site without scripts, whose cookie has a path. Chromium resolves the host to this machine. */
async function openSite({ onTestFinished }: TestContext, browser: Browser) {
  const app = express();
  const cookie = { secure: false, path: '/app' };
  app.use('/app', sessionMiddleware(createSessions(), { transport: 'cookie', cookie }));
  app.post('/app/login', async (req, res) => {
    await req.sessions.start({ subject: 'ada' });
    res.redirect(303, '/app/me');
  });
  app.get('/app/sign-in', (_req, res) => {
    res.send('<form method="post" action="/app/login"><button>Sign in</button></form>');
  });
  app.get(
    '/app/me',
    requireSession({ redirectTo: '/app/sign-in' }, (req, res) => res.send(req.session.subject)),
  );
  app.use(sessionErrors());
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://app.shop.test:${(server.address() as AddressInfo).port}`;

  const context = await browser.newContext();
  onTestFinished(async () => {
    await context.close();
    server.close();
    server.closeAllConnections();
  });
  const page = await context.newPage();
  await page.goto(`${base}/app/me`);
  expect(new URL(page.url()).pathname).toBe('/app/sign-in');
  return { context, page };
}

async function signIn(page: Page): Promise<void> {
  await page.getByRole('button').click();
  await page.waitForURL('**/app/me');
  expect(await page.textContent('body')).toBe('ada');
}

async function reload(page: Page): Promise<number | undefined> {
  return (await page.reload())?.status();
}

const countCookies = async (context: BrowserContext): Promise<number> =>
  (await context.cookies()).length;

const skipped = whyNoBrowser === undefined ? '' : ` (skipped: ${whyNoBrowser})`;
describe.skipIf(skipped !== '').concurrent(`in Chromium${skipped}`, { timeout: 180_000 }, () => {
  let browser: Browser;

  beforeAll(async () => {
    if (whyNoBrowser === undefined) browser = await launchBrowser();
  }, 60_000);
  afterAll(() => browser?.close());

  describe.each([
    ['an earlier path', { domain: 'app.shop.test', path: '/' }],
    ['a deeper path', { domain: 'app.shop.test', path: '/app/me' }],
    ['the domain of the host', { domain: '.app.shop.test', path: '/app' }],
    ['the parent domain', { domain: '.shop.test', path: '/' }],
  ])('a second cookie of the name with %s', (_, second) => {
    it('has a page refused once, and the session stays', async (test) => {
      const { context, page } = await openSite(test, browser);
      await signIn(page);
      await context.addCookies([{ ...SECOND, ...second }]);
      expect(await countCookies(context)).toBe(2);
      expect(await reload(page)).toBe(400);
      expect(await countCookies(context)).toBe(1);
      expect(await reload(page)).toBe(200);
      expect(await page.textContent('body')).toBe('ada');
    });
  });

  it('a sign-in beside two foreign cookies of the name leaves one', async (test) => {
    const { context, page } = await openSite(test, browser);
    await context.addCookies([
      { ...SECOND, domain: 'app.shop.test', path: '/' },
      { ...SECOND, domain: '.shop.test', path: '/' },
    ]);
    await signIn(page);
    expect(await countCookies(context)).toBe(1);
  });
});
