import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { whyNoBrowser } from '../../../../test/browser.js';
import { BOUND_TTL_MS, FRAMEWORKS, load, loadAfter, openBoundSite, signIn } from './bound-site.js';

const SIGNED_IN = 'Signed in as ada';
const skipped = whyNoBrowser === undefined ? '' : ` (skipped: ${whyNoBrowser})`;

describe.skipIf(skipped !== '')(`in Chromium${skipped}`, { timeout: 120_000 }, () => {
  describe.each(FRAMEWORKS)('bound sessions on %s', (framework) => {
    it('a browser registers its key, renews its cookie three times, and signs out', async ({
      onTestFinished,
    }) => {
      const site = await openBoundSite({ framework }, onTestFinished);
      const context = await site.open();
      const tab = await signIn(site, context);
      for (let renewal = 0; renewal < 3; renewal += 1) {
        // Before its end, as browsers renew ahead. After it, they renew for the page, and once more ahead.
        await pause(BOUND_TTL_MS / 2);
        const proofs = site.proofs(200);
        expect(await load(site, tab)).toBe(SIGNED_IN);
        await vi.waitUntil(() => site.proofs(200) > proofs);
      }
      await tab.getByRole('button', { name: '/session/logout' }).click();
      await tab.waitForURL('**/bye');
      expect(await context.cookies()).toEqual([]);
      expect(await load(site, tab)).toBe('/sign-in');
      expect(site.events).toEqual([]);
    });

    it('the requests of two tabs wait for one renewal when the cookie has run out', async ({
      onTestFinished,
    }) => {
      const site = await openBoundSite({ framework }, onTestFinished);
      const context = await site.open();
      const tab = await signIn(site, context);
      const other = await context.newPage();
      await other.goto(`${site.front.origin}/bye`);
      await pause(BOUND_TTL_MS + 300);
      const first = site.front.seen.length;
      const fetchParts = () =>
        Promise.all(Array.from({ length: 5 }, () => fetch('/part').then(({ status }) => status)));
      const statuses = await Promise.all([tab.evaluate(fetchParts), other.evaluate(fetchParts)]);
      expect(statuses.flat()).toEqual(Array(10).fill(200));
      const lines = site.front.seen.slice(first).map(({ line }) => line);
      expect(lines.indexOf('GET /part')).toBe(1);
      expect(lines[0]).toBe('POST /session/bind');
    });

    it('a copied cookie is dead in another profile after its life, and the first browser goes on', async ({
      onTestFinished,
    }) => {
      const site = await openBoundSite({ framework }, onTestFinished);
      const context = await site.open();
      const tab = await signIn(site, context);
      await load(site, tab);
      const copied = await context.cookies();
      const thief = await site.open();
      await thief.addCookies(copied.map((cookie) => ({ ...cookie, expires: -1 })));
      const stolen = await thief.newPage();
      await pause(BOUND_TTL_MS + 300);
      expect(await load(site, stolen)).toBe('/sign-in');
      expect(await thief.cookies()).toEqual([]);
      expect(site.events).toEqual(['unbound-use']);
      expect(await load(site, tab)).toBe(SIGNED_IN);
    });

    it('a failing store gives 503, and the browser goes on when it works again', async ({
      onTestFinished,
    }) => {
      const site = await openBoundSite({ framework }, onTestFinished);
      const tab = await signIn(site, await site.open());
      site.store.fail();
      expect(await loadAfter(site, tab)).toBe('503');
      expect(site.front.seen.at(-1)?.skipped).toContain('server_error');
      site.store.heal();
      expect(await load(site, tab)).toBe(SIGNED_IN);
    });

    it('a re-authentication keeps the browser bound', async ({ onTestFinished }) => {
      const site = await openBoundSite({ framework }, onTestFinished);
      const tab = await signIn(site, await site.open());
      await load(site, tab);
      await tab.getByRole('button', { name: '/again' }).click();
      await tab.waitForURL('**/page');
      expect(await loadAfter(site, tab)).toBe(SIGNED_IN);
      expect(site.events).toEqual([]);
    });

    it('a browser that does not know bound sessions keeps its session as it is', async ({
      onTestFinished,
    }) => {
      const site = await openBoundSite({ framework }, onTestFinished);
      const context = await site.open(false);
      const tab = await context.newPage();
      expect(await load(site, tab)).toBe('/sign-in');
      await tab.getByRole('button', { name: 'Sign in' }).click();
      await tab.waitForURL('**/page');
      const [cookie] = await context.cookies();
      expect(await loadAfter(site, tab)).toBe(SIGNED_IN);
      expect(await context.cookies()).toEqual([cookie]);
      expect(site.front.seen.filter(({ line }) => line.includes('/session/bind'))).toEqual([]);
    });
  });

  it.each([
    ['fastify', 'redis'],
    ['hono', 'postgres'],
  ] as const)('a bound browser survives a restart of %s on %s', async (framework, store) => {
    const site = await openBoundSite({ framework, store }, onTestFinished);
    const tab = await signIn(site, await site.open());
    expect(await loadAfter(site, tab)).toBe(SIGNED_IN);
    await site.restart();
    expect(await loadAfter(site, tab)).toBe(SIGNED_IN);
    expect(site.events).toEqual([]);
  });

  it('a browser that has signed too many proofs gets 503 in place of the sign-in', async ({
    onTestFinished,
  }) => {
    const boundTtl = 1_000;
    const site = await openBoundSite({ framework: 'express', boundTtl }, onTestFinished);
    const tab = await signIn(site, await site.open());
    const shown: string[] = [];
    while (shown.at(-1) !== '503' && shown.length < 9) {
      shown.push(await loadAfter(site, tab, boundTtl));
    }
    expect(new Set(shown)).toEqual(new Set([SIGNED_IN, '503']));
    expect(site.front.seen.at(-1)?.skipped).toContain('quota_exceeded');
    expect(site.proofs(200)).toBe(6);
  });
});
