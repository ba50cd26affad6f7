import { env } from 'node:process';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, whyNoBrowser } from '../browser.js';
import { FRAMEWORKS, openSite, readParts, STORES } from './site.js';

/** How long each run loads pages. SESS_PAGE_SECONDS=300 for a long one; nightly runs take a minute. */
const SECONDS = Number(env['SESS_PAGE_SECONDS'] ?? (env['SESS_TIER'] === 'nightly' ? 60 : 8));
/** The longest time that a busy machine may take beyond that. */
const PATIENCE = 1_000 * (120 + 3 * SECONDS);

/**
 * A renewal is due each second. The grace is long, because a request may wait for seconds on a busy machine; the defaults
 * are for the long runs.
 */
const ENGINE = { renewAfter: '1s', ...(SECONDS < 60 ? { grace: '60s' } : {}) } as const;

/** Loads the guarded page again and again until the time is over, and returns the statuses of its parts. */
async function loadPages(
  tab: Page,
  origin: string,
): Promise<{ loads: number; statuses: string[] }> {
  const end = Date.now() + 1_000 * SECONDS;
  const statuses = new Set<string>();
  let loads = 0;
  while (Date.now() < end) {
    await tab.goto(`${origin}/page`);
    statuses.add(await readParts(tab));
    loads += 1;
  }
  return { loads, statuses: [...statuses] };
}

const skipped = whyNoBrowser === undefined ? '' : ` (skipped: ${whyNoBrowser})`;
describe.skipIf(skipped !== '')(`pages in Chromium${skipped}`, { timeout: PATIENCE }, () => {
  let browser: Browser;
  beforeAll(async () => {
    if (whyNoBrowser === undefined) browser = await launchBrowser();
  }, 60_000);
  afterAll(() => browser?.close());

  for (const framework of FRAMEWORKS) {
    for (const store of STORES) {
      it.concurrent(`pages of ${framework} on ${store} with twenty parallel requests get 200 in two tabs while the cookie is renewed [cookie.honest]`, async ({
        onTestFinished,
      }) => {
        const site = await openSite(
          { framework, store, engine: ENGINE },
          { browser, onTestFinished },
        );
        const { front, context, reuse } = site;
        const tabs = [await site.signIn(), await context.newPage()];
        const results = await Promise.all(tabs.map((tab) => loadPages(tab, front.origin)));
        for (const { statuses } of results) expect(statuses).toEqual(['200']);
        const failed = front.seen.filter(
          ({ status, line }) => status >= 400 && !line.includes('favicon'),
        );
        expect(failed).toEqual([]);
        expect(reuse).toEqual([]);
        const renewals = front.seen.filter(({ renews }) => renews);
        expect(renewals.length).toBeGreaterThan(1);
        for (const { headers } of renewals) expect(headers['cache-control']).toBe('no-store');
        const pictures = renewals.filter(({ line }) => /picture|style/.test(line));
        expect(pictures).toEqual([]);
        const loads = results.map((result) => result.loads).join(' and ');
        process.stdout.write(
          `pages of ${framework} on ${store}: ${loads} loads in ${SECONDS} s, ${front.seen.length} requests, ${renewals.length} responses with a new cookie, 0 failed, 0 reuse\n`,
        );
      });

      it.concurrent(`pages of ${framework} on ${store} sign no one out when responses are lost or late [cookie.honest, rotation.lost]`, async ({
        onTestFinished,
      }) => {
        const site = await openSite(
          { framework, store, engine: ENGINE },
          { browser, onTestFinished },
        );
        const { front, reuse } = site;
        const tab = await site.signIn();
        front.faults = { lost: 0.05, late: 0.3 };
        const end = Date.now() + 1_000 * SECONDS;
        while (Date.now() < end) {
          // A page whose response is lost is loaded again, as a user does.
          await tab.goto(`${front.origin}/page`).then(
            () => readParts(tab),
            () => undefined,
          );
        }
        front.faults = { lost: 0, late: 0 };
        await tab.goto(`${front.origin}/page`);
        expect(await readParts(tab)).toBe('200');
        const refused = front.seen.filter(({ status }) => status === 401 || status === 403);
        expect(refused).toEqual([]);
        expect(front.seen.filter(({ line }) => line.startsWith('GET /sign-in'))).toHaveLength(1);
        expect(reuse).toEqual([]);
      });
    }
  }
});
