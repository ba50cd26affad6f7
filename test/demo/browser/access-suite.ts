import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, whyNoBrowser } from '../../browser.js';
import { type RunningExample, startExample } from '../process.js';
import { Visitor } from './visitor.js';

const skipped = whyNoBrowser === undefined ? '' : ` (skipped: ${whyNoBrowser})`;

/** The part of the result of axe-core that is used here. */
interface Findings {
  readonly violations: readonly { readonly id: string; readonly impact: string | null }[];
}

/** Checks the accessibility of the page: keyboard, small screens, contrast, names. */
export function accessSuite(name: string): void {
  describe.skipIf(skipped !== '')(`accessibility of the page${skipped}`, () => {
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
      // Bypasses the policy of the page, which allows its own script only.
      await page.evaluate(source);
      const { violations } = (await page.evaluate('axe.run()')) as Findings;
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id }) => id);
    }

    it.each(['light', 'dark'] as const)(
      'the page has no serious violation by axe in the %s theme',
      async (colorScheme) => {
        const ada = await Visitor.arrive(browser, example.base, { colorScheme });
        await ada.page.getByText('Nobody signed in').waitFor();
        expect(await findFaults(ada)).toEqual([]);
        await ada.signIn('ada');
        await ada.press('Sign out the others');
        expect(await findFaults(ada)).toEqual([]);
        await ada.page.evaluate('document.getElementById("confirm").showModal()');
        expect(await findFaults(ada)).toEqual([]);
        await ada.leave();
      },
    );

    it.each([360, 768, 1280])('the page does not scroll horizontally at %i px', async (width) => {
      const ada = await Visitor.arrive(browser, example.base, { viewport: { width, height: 740 } });
      await ada.signIn(`ada${'x'.repeat(200)}`);
      const widest = await ada.page.evaluate('document.documentElement.scrollWidth');
      expect(widest).toBeLessThanOrEqual(width);
      await ada.leave();
    });

    it('the page can be used with the keyboard alone', async () => {
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
