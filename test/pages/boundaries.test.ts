import { env } from 'node:process';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, whyNoBrowser } from '../browser.js';
import { FRAMEWORKS, openSite, readParts, type SiteSetup, servePage } from './site.js';

/** SESS_SCREENSHOTS names a folder for pictures of what the browser shows. */
async function keepPicture(tab: Page, name: string): Promise<void> {
  const folder = env['SESS_SCREENSHOTS'];
  if (folder !== undefined) await tab.screenshot({ path: `${folder}/${name}.png` });
}

const skipped = whyNoBrowser === undefined ? '' : ` (skipped: ${whyNoBrowser})`;
describe.skipIf(skipped !== '')(`in Chromium${skipped}`, { timeout: 120_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    // With the cache of the back button, which the driver turns off otherwise.
    if (whyNoBrowser === undefined) browser = await launchBrowser({ hasBackCache: true });
  }, 60_000);
  afterAll(() => browser?.close());

  describe.each(FRAMEWORKS)('the pages of %s', (framework) => {
    type Finish = Parameters<typeof openSite>[1]['onTestFinished'];
    const open = (onTestFinished: Finish, setup: Partial<SiteSetup> = {}) =>
      openSite({ framework, ...setup }, { browser, onTestFinished });

    it('a page does not come back by the back button after the sign-out [cookie.caching]', async ({
      onTestFinished,
    }) => {
      const site = await open(onTestFinished);
      const tab = await site.signIn();
      await keepPicture(tab, `${framework}-page`);
      await tab.getByRole('button', { name: 'Sign out' }).click();
      await tab.waitForURL('**/bye');
      await keepPicture(tab, `${framework}-bye`);
      await tab.goBack({ waitUntil: 'commit' });
      await tab.waitForURL('**/sign-in?return_to=%2Fpage');
      expect(await tab.getByText('Signed in as').count()).toBe(0);
      await keepPicture(tab, `${framework}-back`);
      expect(await site.context.cookies()).toEqual([]);
    });

    it('a killed server leaves its users signed in on Redis [rotation.restart]', async ({
      onTestFinished,
    }) => {
      const site = await open(onTestFinished, { store: 'redis' });
      const tab = await site.signIn();
      await site.kill();
      const status = await tab.evaluate(() =>
        fetch('/part').then(
          ({ status }) => status,
          () => 0,
        ),
      );
      expect(status).toBe(0);
      await site.startAgain();
      await tab.goto(`${site.front.origin}/page`);
      expect(await readParts(tab)).toBe('200');
    });

    it('a killed server signs its users out once in memory, and the cookie stays until the next sign-in', async ({
      onTestFinished,
    }) => {
      const site = await open(onTestFinished);
      const tab = await site.signIn();
      await site.kill();
      await site.startAgain();
      expect(await tab.evaluate(() => fetch('/part').then(({ status }) => status))).toBe(401);
      await tab.goto(`${site.front.origin}/page`);
      expect(new URL(tab.url()).pathname).toBe('/sign-in');
      await tab.getByRole('button', { name: 'Sign in' }).click();
      expect(await readParts(tab)).toBe('200');
    });

    it('a page that is rendered ahead is shown without a renewal of the cookie, although it is due', async ({
      onTestFinished,
    }) => {
      const site = await open(onTestFinished, { engine: { renewAfter: '1s' } });
      const tab = await site.signIn();
      const ahead = () =>
        site.front.seen.filter(
          ({ line, purpose }) => line === 'GET /page?next' && purpose !== undefined,
        );
      await tab.evaluate(async () => {
        const begun = Date.now();
        while (Date.now() < begun + 1_100) await new Promise((resolve) => setTimeout(resolve, 100));
        const rules = document.createElement('script');
        rules.type = 'speculationrules';
        rules.text = JSON.stringify({
          prerender: [{ source: 'list', urls: ['/page?next'], eagerness: 'immediate' }],
        });
        document.head.append(rules);
      });
      await expect.poll(ahead, { timeout: 30_000 }).toHaveLength(1);
      expect(ahead()).toMatchObject([{ status: 200, renews: false }]);
      expect(ahead()[0]?.purpose).toMatch(/^prefetch;prerender/);
      await tab.getByRole('link', { name: 'Next' }).click();
      await tab.waitForURL('**/page?next');
      expect(await readParts(tab)).toBe('200');
      expect(site.reuse).toEqual([]);
    });

    const lax = { cookie: {} } as const;
    const none = { cookie: { sameSite: 'none' } } as const;
    it.for([
      // With SameSite=Lax the cookie stays behind: the form is that of a guest.
      ['another site', '127.0.0.1', lax, 303],
      ['another site, to which the cookie goes along', '127.0.0.1', none, 403],
      ['another origin of the same site', 'localhost', lax, 403],
    ] as const)(
      'a form of %s writes nothing [csrf.cookie, csrf.cross-site]',
      async ([_what, host, protocol, status], { onTestFinished }) => {
        const site = await open(onTestFinished, { protocol });
        const tab = await site.signIn();
        const action = `${site.front.origin}/note`;
        const form = `<form method="post" action="${action}"><button>Win</button></form>`;
        await tab.goto(await servePage(form, { host, onTestFinished }));
        await tab.getByRole('button', { name: 'Win' }).click();
        await expect
          .poll(() => site.front.seen.find(({ line }) => line === 'POST /note'))
          .toMatchObject({ status });
        expect(site.pages.notes).toBe(0);
        await tab.goto(`${site.front.origin}/page`);
        await tab.getByRole('button', { name: 'Write' }).click();
        await expect.poll(() => site.pages.notes).toBe(1);
      },
    );

    it('a socket of another origin has no session, and one of the own page has [csrf.cookie]', async ({
      onTestFinished,
    }) => {
      const site = await open(onTestFinished);
      const tab = await site.signIn();
      const openings = () =>
        site.front.seen.filter(({ isUpgrade }) => isUpgrade).map(({ status }) => status);
      // The test application opens no socket: the status shows whether the guard lets the request pass.
      const connect = (url: string) =>
        new Promise((resolve) => {
          new WebSocket(url).onerror = () => resolve(true);
        });
      const url = `${site.front.origin.replace('http', 'ws')}/part`;
      await tab.evaluate(connect, url);
      expect(openings()).toEqual([200]);
      for (const host of ['localhost', '127.0.0.1'] as const) {
        await tab.goto(await servePage('<title>other</title>', { host, onTestFinished }));
        await tab.evaluate(connect, url);
      }
      // A socket of another site carries no Lax cookie, so it is that of a guest.
      expect(openings()).toEqual([200, 403, 401]);
    });
  });
});
