import { openStandalone, type StandaloneServer, sleep } from '@sess/test-servers';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it, type TestContext } from 'vitest';
import { launchBrowser, whyNoBrowser } from '../../../../test/browser.js';
import { askFor, openSite, type Site, signIn, whoIsSignedIn } from './site.js';

/** Three frameworks with one face: all of them in `npm run test:browser`, one in every run. */
const EXAMPLES = process.env['SESS_BROWSER_EXAMPLES']?.split(',') ?? ['express'];

/** What an example is told, by what keeps its sessions and what its access tokens are. */
const KINDS: readonly [string, (redisUrl: string) => Readonly<Record<string, string>>][] = [
  ['opaque tokens in memory', () => ({})],
  ['opaque tokens on Redis', (url) => ({ REDIS_URL: url })],
  [
    'JWTs on Redis',
    (url) => ({
      REDIS_URL: url,
      ACCESS_TOKENS: 'jwt',
      JWT_SECRET: 'of-the-browser-tests'.repeat(2),
    }),
  ],
];

// They wait for the clock more than for anything else, so they wait together.
const skipped = whyNoBrowser === undefined ? '' : ` (skipped: ${whyNoBrowser})`;
describe.skipIf(skipped !== '').concurrent(`in Chromium${skipped}`, { timeout: 60_000 }, () => {
  let browser: Browser;
  let redis: StandaloneServer;

  beforeAll(async () => {
    if (whyNoBrowser !== undefined) return;
    [browser, redis] = await Promise.all([launchBrowser(), openStandalone(inject('servers'))]);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await redis?.stop();
  });

  describe.each(EXAMPLES)('the %s example', (example) => {
    const open = (
      { onTestFinished }: TestContext,
      variables: Readonly<Record<string, string>>,
      initScript?: string,
    ): Promise<Site> =>
      openSite({ example, browser, variables, onTestFinished, ...(initScript && { initScript }) });

    describe.each(KINDS)('with %s', (_kind, variablesOn) => {
      it('three tabs renew an expired token once for ten requests each, and sign out together', async (context) => {
        const { front, openThree } = await open(context, {
          ...variablesOn(redis.url),
          ACCESS_TTL: '12s',
        });
        const tabs = await openThree();
        const before = front.countRenewals();
        await sleep(12_100);
        const answers = await Promise.all(tabs.map((tab) => askFor(tab, 10)));
        expect(answers.flat()).toEqual(Array(30).fill(200));
        expect(front.countRenewals() - before).toBe(1);
        // Nor was anything refused on the way.
        expect(front.asked.filter((line) => line === 'GET /me')).toHaveLength(30);

        await tabs[1].evaluate(() => client.logout());
        for (const tab of tabs) await tab.waitForFunction(() => client.signedIn === false);
        expect((await Promise.all(tabs.map((tab) => askFor(tab)))).flat()).toEqual([401, 401, 401]);
      });
    });

    describe.each(KINDS.slice(1))('with %s', (_kind, variablesOn) => {
      it('the user stays signed in while the server is killed and restarted', async (context) => {
        const { openThree, openTab, kill, startAgain } = await open(
          context,
          variablesOn(redis.url),
        );
        const tabs = await openThree();
        await kill();
        expect(await tabs[0].evaluate(() => client.refresh().catch(() => 'failed'))).toBe('failed');
        expect(await tabs[1].evaluate(() => client.fetch('/me').catch(() => 'failed'))).toBe(
          'failed',
        );
        expect(await whoIsSignedIn(tabs)).toEqual([true, true, true]);
        await startAgain();
        const renewed = tabs.map((tab) => tab.evaluate(() => client.refresh()));
        expect(await Promise.all(renewed)).toEqual([true, true, true]);
        const all = [...tabs, await openTab()];
        expect((await Promise.all(all.map((tab) => askFor(tab)))).flat()).toEqual(
          Array(4).fill(200),
        );
      });
    });

    it('a tab that is closed during a renewal does not block the others', async (context) => {
      const { front, openThree } = await open(context, {});
      const [closing, ...others] = await openThree();
      const before = front.countRenewals();
      const { arrived, release } = front.hold();
      await closing.evaluate(() => void client.refresh());
      await arrived;
      const renewed = others.map((tab) => tab.evaluate(() => client.refresh()));
      await sleep(200);
      expect(front.countRenewals() - before).toBe(1);
      await closing.close();
      expect(await Promise.all(renewed)).toEqual([true, true]);
      expect(front.countRenewals() - before).toBe(2);
      release();
      expect((await Promise.all(others.map((tab) => askFor(tab)))).flat()).toEqual([200, 200]);
    });

    it('a renewal whose response is lost is retried', async (context) => {
      const { front, openThree } = await open(context, {});
      const tabs = await openThree();
      const before = front.countRenewals();
      front.cut(2);
      const renewed = tabs.map((tab) => tab.evaluate(() => client.refresh()));
      expect(await Promise.all(renewed)).toEqual([true, true, true]);
      expect(front.countRenewals() - before).toBe(3);
      expect((await Promise.all(tabs.map((tab) => askFor(tab)))).flat()).toEqual([200, 200, 200]);
      expect(await tabs[2].evaluate(() => client.refresh())).toBe(true);
    });

    it('the user stays signed in where there are no Web Locks', async (context) => {
      const noLocks = 'delete Navigator.prototype.locks';
      const { front, openThree } = await open(context, { ACCESS_TTL: '6s' }, noLocks);
      const tabs = await openThree();
      expect(await tabs[0].evaluate(() => 'locks' in navigator)).toBe(false);
      const before = front.countRenewals();
      await sleep(12_100);
      const answers = await Promise.all(tabs.map((tab) => askFor(tab, 10)));
      expect(await whoIsSignedIn(tabs)).toEqual([true, true, true]);
      expect(answers.flat()).toEqual(Array(30).fill(200));
      expect(front.countRenewals() - before).toBeLessThanOrEqual(3);
      for (let round = 0; round < 3; round += 1) {
        const renewed = tabs.map((tab) => tab.evaluate(() => client.refresh()));
        expect(await Promise.all(renewed)).toEqual([true, true, true]);
      }
      expect((await Promise.all(tabs.map((tab) => askFor(tab)))).flat()).toEqual([200, 200, 200]);
    });

    it('no script finds the tokens', async (context) => {
      const { cookies, openThree, openTab } = await open(context, {});
      await openThree();
      const tab = await openTab();
      expect(await askFor(tab)).toEqual([200]);
      const found = await tab.evaluate(async () => ({
        local: JSON.stringify(localStorage),
        session: JSON.stringify(sessionStorage),
        cookie: document.cookie,
        databases: (await indexedDB.databases()).length,
        caches: (await caches.keys()).length,
        client: JSON.stringify(client),
      }));
      expect(found).toEqual({
        local: '{}',
        session: '{}',
        cookie: '',
        databases: 0,
        caches: 0,
        client: expect.not.stringMatching(/sat_|srt_/),
      });
      expect(await cookies()).toMatchObject([
        { name: '__Host-sess', httpOnly: true, secure: true, sameSite: 'Lax' },
      ]);
    });

    it('a sign-in as another user in one tab reaches all tabs', async (context) => {
      const { openThree } = await open(context, {});
      const tabs = await openThree();
      await Promise.all([signIn(tabs[1], 'grace'), ...tabs.map((tab) => askFor(tab, 5))]);
      await sleep(100);
      const names = tabs.map((tab) =>
        tab.evaluate(async () => {
          const { subject } = (await (await client.fetch('/me')).json()) as { subject: string };
          return subject;
        }),
      );
      expect(await Promise.all(names)).toEqual(['grace', 'grace', 'grace']);
    });
  });
});
