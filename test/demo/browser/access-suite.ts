import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, whyNoBrowser } from '../../browser.js';
import { type RunningExample, startExample } from '../process.js';
import { Visitor } from './visitor.js';

const skipped = whyNoBrowser === undefined ? '' : ` (skipped: ${whyNoBrowser})`;

/** What axe-core answers, of which this reads a little. */
interface Findings {
  readonly violations: readonly { readonly id: string; readonly impact: string | null }[];
}

/** Holds the page of an example to what everybody needs to use it: keyboard, small screens, contrast, names. */
export function accessSuite(name: string): void {
  describe.skipIf(skipped !== '')(`the page, for everybody${skipped}`, () => {
    let browser: Browser;
    let example: RunningExample;

    beforeAll(async () => {
      browser = await launchBrowser();
      example = await startExample(name);
    }, 60_000);
    afterAll(async () => {
      await browser.close();
      await example.stop();
    });

    async function findFaults({ page }: Visitor): Promise<string[]> {
      const source = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
      // Past the page's own policy, which lets no script in but its own.
      await page.evaluate(source);
      const { violations } = (await page.evaluate('axe.run()')) as Findings;
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id }) => id);
    }

    it.each(['light', 'dark'] as const)('has no serious fault by axe, %s', async (colorScheme) => {
      const ada = await Visitor.arrive(browser, example.base, { colorScheme });
      await ada.page.getByText('Nobody signed in').waitFor();
      expect(await findFaults(ada)).toEqual([]);
      await ada.signIn('ada');
      await ada.press('Sign out the others');
      expect(await findFaults(ada)).toEqual([]);
      await ada.page.evaluate('document.getElementById("confirm").showModal()');
      expect(await findFaults(ada)).toEqual([]);
      await ada.leave();
    });

    it.each([360, 768, 1280])('does not scroll sideways at %i px', async (width) => {
      const ada = await Visitor.arrive(browser, example.base, { viewport: { width, height: 740 } });
      await ada.signIn(`ada${'x'.repeat(200)}`);
      const widest = await ada.page.evaluate('document.documentElement.scrollWidth');
      expect(widest).toBeLessThanOrEqual(width);
      await ada.leave();
    });

    it('needs no pointer', async () => {
      const ada = await Visitor.arrive(browser, example.base);
      const { keyboard } = ada.page;
      const focused = () => ada.focused();
      const tabTo = async (id: string): Promise<void> => {
        for (let presses = 0; presses < 40; presses += 1) {
          if ((await focused()) === id) return;
          await keyboard.press('Tab');
        }
        throw new Error(`Tab does not get to #${id}`);
      };
      await ada.page.getByText('Nobody signed in').waitFor();
      await tabTo('user');
      await keyboard.type('ada');
      await keyboard.press('Enter');
      await ada.page.getByText('Signed in as ada').waitFor();
      await expect.poll(focused, { timeout: 10_000 }).toBe('account-title');

      await tabTo('renew');
      await keyboard.press('Enter');
      await expect.poll(() => ada.text('message'), { timeout: 10_000 }).toMatch(/^Renewed/);
      await ada.page.evaluate('document.getElementById("confirm").showModal()');
      await keyboard.press('Escape');
      expect(await focused()).toBe('renew');

      await tabTo('log-frame');
      await keyboard.press('Shift+Tab');
      expect(await focused()).toBe('clear');
      await ada.page.locator('#account-title').focus();
      await tabTo('sign-out');
      await keyboard.press('Space');
      await ada.page.getByText('Nobody signed in').waitFor();
      expect(await focused()).toBe('user');
      await ada.leave();
    });
  });
}
