import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, whyNoBrowser } from '../../test/browser.js';
import { serveBuiltSite } from './built-site.js';

/** The part of the result of axe-core that is used here. */
interface Findings {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

const ABSENT = '/no-such-page';
/** A page of each kind: with code groups, tables, a drawing, generated text, and what is on no other page. */
const PAGES = [
  '/',
  '/start/',
  '/concepts/rotation',
  '/concepts/glossary',
  '/guides/sign-in-methods',
  '/guides/sql',
  '/frameworks/pages',
  '/migration/express-session',
  '/security/threat-model',
  '/quality/tests',
  '/decisions/0005-redis-bookkeeping',
  '/reference/options',
  '/reference/http',
  '/reference/api/',
  ABSENT,
];
const VIEWS = [
  ['light', 360],
  ['dark', 1280],
  ['light', 1280],
  ['dark', 360],
] as const;
/** Outside of the nightly tier, each theme and each width once. */
const views = process.env['SESS_TIER'] === 'nightly' ? VIEWS : VIEWS.slice(0, 2);
/** VitePress makes a button of the box and an option of each result, with links in them. */
const FAULTS_OF_SEARCH = ['nested-interactive', 'label-content-name-mismatch'];
const skipped = whyNoBrowser === undefined ? '' : ` (skipped: ${whyNoBrowser})`;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');

/** Returns what axe finds in the page, or in the element of a selector, with the first element of each fault. */
async function findFaults(page: Page, selector = 'html'): Promise<string[]> {
  await page.evaluate(axe);
  const { violations } = (await page.evaluate(`axe.run('${selector}')`)) as Findings;
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.length} × ${nodes[0]?.html} ${nodes[0]?.failureSummary}`,
  );
}

describe.skipIf(skipped !== '')(`the site${skipped}`, { timeout: 120_000 }, () => {
  let browser: Browser;
  let site: Awaited<ReturnType<typeof serveBuiltSite>>;
  beforeAll(async () => {
    site = await serveBuiltSite();
    browser = await launchBrowser();
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await site?.stop();
  });

  async function open(path: string, given: { width: number; colorScheme: 'light' | 'dark' }) {
    const { width, colorScheme } = given;
    const viewport = { width, height: 800 };
    const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
    const page = await context.newPage();
    const response = await page.goto(site.origin + path, { waitUntil: 'networkidle' });
    expect(response?.status(), path).toBe(path === ABSENT ? 404 : 200);
    return page;
  }

  describe.each(views)('in the %s theme at %i px', (colorScheme, width) => {
    it.each(PAGES)('%s has no fault that axe finds, and does not scroll sideways', async (path) => {
      const page = await open(path, { width, colorScheme });
      expect(await findFaults(page)).toEqual([]);
      const widest = await page.evaluate('document.documentElement.scrollWidth');
      expect(widest).toBeLessThanOrEqual(width);
      await page.context().close();
    });
  });

  it('the search has no fault that axe finds but those of the roles that VitePress gives it', async () => {
    const page = await open('/start/', { width: 1280, colorScheme: 'light' });
    await page.keyboard.press('Control+k');
    await page.locator('input[type=search], .search-input').first().fill('rotation');
    await page.locator('.results li').first().waitFor();
    const faults = await findFaults(page, '.VPLocalSearchBox');
    const others = faults.filter((fault) => !FAULTS_OF_SEARCH.includes(fault.split(':', 1).join()));
    expect(others).toEqual([]);
    await page.context().close();
  });

  it('the menu of a narrow screen has no fault that axe finds', async () => {
    const page = await open('/start/', { width: 360, colorScheme: 'light' });
    await page.getByRole('button', { name: 'mobile navigation' }).click();
    expect(await findFaults(page)).toEqual([]);
    await page.context().close();
  });
});
