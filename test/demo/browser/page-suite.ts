import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, whyNoBrowser } from '../../browser.js';
import { type RunningExample, startExample } from '../process.js';
import { FIREFOX_ON_WINDOWS, Visitor } from './visitor.js';

const skipped = whyNoBrowser === undefined ? '' : ` (skipped: ${whyNoBrowser})`;
/** The browser and the page need milliseconds; a busy machine needs longer. */
const eventually = { timeout: 20_000 };

/** Uses the page of the demo as a user does, with every kind of token. */
export function pageSuite(name: string): void {
  describe.skipIf(skipped !== '')(`the page in a browser${skipped}`, () => {
    let browser: Browser;
    let example: RunningExample;
    const visitors: Visitor[] = [];

    async function arrive(
      base: string,
      options?: Parameters<typeof Visitor.arrive>[2],
    ): Promise<Visitor> {
      const visitor = await Visitor.arrive(browser, base, options);
      visitors.push(visitor);
      return visitor;
    }

    beforeAll(async () => {
      browser = await launchBrowser();
      example = await startExample(name, { ACCESS_TTL: '60s' });
    }, 60_000);
    afterEach(async () => {
      const left = visitors.splice(0);
      await Promise.all(left.map((visitor) => visitor.leave()));
      expect(left.flatMap(({ complaints }) => complaints)).toEqual([]);
    });
    afterAll(async () => {
      await browser.close();
      await example.stop();
    });

    it('the page signs in, shows the session, edits its data, and restores it after a reload', async () => {
      const ada = await arrive(example.base);
      await expect.poll(() => ada.text('state'), eventually).toBe('Nobody signed in');
      await ada.signIn('ada');
      expect(await ada.text('who')).toBe('ada');
      expect(await ada.text('time-left')).toMatch(/^works for (1 min|\d+ s)/);
      expect(await ada.text('token')).toMatch(/^opaque, [0-9a-f]{4}$/);

      await ada.page.getByLabel('Merge this JSON object').fill('{ "theme": "light" }');
      await ada.press('PATCH /me');
      await expect.poll(() => ada.text('data'), eventually).toContain('"theme": "light"');
      await ada.page.getByLabel('Merge this JSON object').fill('no JSON');
      await ada.press('PATCH /me');
      await expect
        .poll(() => ada.text('message'), eventually)
        .toMatch(/^That is not a JSON object/);

      await ada.page.reload();
      await expect.poll(() => ada.text('state'), eventually).toBe('Signed in as ada');
      expect(await ada.text('data')).toContain('"theme": "light"');
      expect(await ada.page.content()).not.toMatch(/s[ar]t_[\w-]{10}/);
    });

    it('the page asks for re-authentication, then repeats the request that needed it', async () => {
      const ada = await arrive(example.base);
      await ada.signIn('ada');
      const earlier = await ada.text('token');
      await ada.page.route(
        '**/transfer',
        (route) =>
          route.fulfill({
            status: 401,
            contentType: 'application/problem+json',
            body: '{"code":"insufficient_user_authentication"}',
          }),
        { times: 1 },
      );
      await ada.press('POST /transfer');
      await ada.page.getByRole('dialog', { name: 'Is it you?' }).waitFor();
      await ada.press('It is me: go on');
      await expect.poll(() => ada.text('message'), eventually).toMatch(/^Transferred/);
      expect(await ada.text('answer')).toContain('"transferred": true');
      expect(await ada.text('token')).not.toBe(earlier);
    });

    it('the page lists devices by browser and system, and signs out one, the others, all', async () => {
      const ada = await arrive(example.base);
      await ada.signIn('grace');
      const others = [];
      for (let count = 0; count < 3; count += 1) {
        const other = await arrive(example.base, { userAgent: FIREFOX_ON_WINDOWS });
        await other.signIn('grace');
        others.push(other);
      }
      const [first, second] = others as [Visitor, Visitor];
      const devices = ada.page.locator('#devices .device');
      await ada.press('Look again');
      await expect.poll(() => devices.count(), eventually).toBe(4);
      expect(await devices.first().textContent()).toMatch(/^Chrome \d+ on Linux\s+this device/);
      expect(await devices.nth(1).textContent()).toMatch(
        /^Firefox 140 on Windows.*From (127\.0\.0\.1|::1)/,
      );

      // The list is by last use, newest first: this one is the third.
      await ada.page
        .getByRole('button', { name: 'Sign out Firefox 140 on Windows' })
        .last()
        .click();
      await expect.poll(() => devices.count(), eventually).toBe(3);
      expect(await ada.focused()).toBe('devices-title');
      await first.press('GET /me');
      await expect.poll(() => first.text('state'), eventually).toBe('Nobody signed in');
      expect(await first.text('message')).toMatch(/^The session was ended elsewhere/);

      await ada.press('Sign out the others');
      await expect.poll(() => devices.count(), eventually).toBe(1);
      await second.press('GET /me');
      await expect.poll(() => second.text('state'), eventually).toBe('Nobody signed in');

      await ada.press('Sign out everywhere');
      await expect.poll(() => ada.text('state'), eventually).toBe('Nobody signed in');
      expect(await ada.focused()).toBe('user');
    });

    it('several tabs renew the token once, and sign out together', async () => {
      const quick = await startExample(name, { ACCESS_TTL: '3s' });
      try {
        const here = await arrive(quick.base);
        await here.signIn('ada');
        const there = await here.openTab();
        await expect.poll(() => there.text('state'), eventually).toMatch(/^Signed in as ada/);
        const renewals: number[] = [];
        here.page.context().on('request', (request) => {
          if (request.url().endsWith('/session/refresh')) renewals.push(performance.now());
        });
        await here.press('Keep calling');
        await there.press('Keep calling');
        await expect.poll(() => renewals.length, { timeout: 20_000 }).toBeGreaterThan(3);
        // Without coordination there would be two renewals at a time.
        const gaps = renewals.slice(1).map((time, index) => time - (renewals[index] as number));
        expect(Math.min(...gaps)).toBeGreaterThan(1_500);
        const lines = [...(await here.log()), ...(await there.log())].join('\n');
        expect(lines).toMatch(/New access token [0-9a-f]{4}, in place of [0-9a-f]{4}/);
        expect(lines).toContain('Another tab got a new access token and passed it on');

        await there.press('Sign out');
        await expect
          .poll(() => here.text('message'), eventually)
          .toBe('Signed out in another tab.');
        expect(await here.text('state')).toBe('Nobody signed in');
      } finally {
        await quick.stop();
      }
    }, 60_000);

    it('the page keeps the session while the server is unreachable, and continues when it is back', async () => {
      const ada = await arrive(example.base);
      await ada.signIn('ada');
      await ada.page.route('**/me', (route) => route.abort());
      await ada.press('GET /me');
      await expect.poll(() => ada.text('state'), eventually).toBe('Server away');
      expect(await ada.text('message')).toContain('Nothing is lost');
      await ada.page.unroute('**/me');
      await ada.page.route('**/me', (route) =>
        route.fulfill({
          status: 503,
          contentType: 'application/problem+json',
          body: '{"code":"store_unavailable"}',
        }),
      );
      await ada.press('Try again');
      await expect
        .poll(() => ada.text('message'), eventually)
        .toMatch(/^Sessions cannot be looked/);
      await ada.page.unroute('**/me');
      await ada.press('Try again');
      await expect.poll(() => ada.text('state'), eventually).toBe('Signed in as ada');
      expect(await ada.text('who')).toBe('ada');
    });

    it.each(['jwt', 'stateless'])('the page works with ACCESS_TOKENS=%s', async (kind) => {
      const other = await startExample(name, { ACCESS_TOKENS: kind });
      try {
        const ada = await arrive(other.base);
        await ada.signIn('ada');
        expect(await ada.text('token')).toMatch(/^JWT, [0-9a-f]{4}$/);
        const devices = () => ada.text('devices');
        await expect
          .poll(devices, eventually)
          .toMatch(kind === 'jwt' ? /^Chrome/ : /no list of devices/);
        expect(await ada.page.locator('#patch').isVisible()).toBe(kind === 'jwt');
        await ada.press('Renew now');
        await expect.poll(() => ada.text('message'), eventually).toMatch(/^Renewed/);
        await ada.press('Sign out everywhere');
        await expect.poll(() => ada.text('state'), eventually).toBe('Nobody signed in');
      } finally {
        await other.stop();
      }
    });
  });
}
