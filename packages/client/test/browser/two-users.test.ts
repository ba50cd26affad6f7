import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { launchBrowser, whyNoBrowser } from '../../../../test/browser.js';
import type { TokenResponse } from '../../src/index.js';
import { openSite, type Site, signIn } from './site.js';

const EXAMPLES = ['express', 'fastify', 'hono'];
const WRITE = 'PATCH /me';

/** Writes a note of ada through the client. Returns the status, or the code of the error. */
function writeNote(tab: Page): Promise<number | string> {
  return tab.evaluate(async () => {
    const init = {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: '{"note":"of ada"}',
    };
    return client.fetch('/me', init).then(
      ({ status }) => status,
      (error: { readonly code?: string }) => error.code ?? String(error),
    );
  });
}

/** Returns the user that the API sees, and the note of that session. */
function readMe(tab: Page): Promise<{ subject: string; note: string | undefined }> {
  return tab.evaluate(async () => {
    const response = await client.fetch('/me');
    const { subject, data } = (await response.json()) as {
      subject: string;
      data: { note?: string };
    };
    return { subject, note: data.note };
  });
}

const skipped = whyNoBrowser === undefined ? '' : ` (skipped: ${whyNoBrowser})`;
describe.skipIf(skipped !== '').concurrent(`in Chromium${skipped}`, { timeout: 60_000 }, () => {
  let browser: Browser;

  beforeAll(async () => {
    if (whyNoBrowser === undefined) browser = await launchBrowser();
  }, 60_000);
  afterAll(() => browser?.close());

  describe.each(EXAMPLES)('two users in two tabs of the %s demo', (example) => {
    const open = (
      { onTestFinished }: TestContext,
      variables: Readonly<Record<string, string>> = {},
    ): Promise<Site> => openSite({ example, browser, variables, onTestFinished });

    it('a write of the first is refused when the second signs in before it arrives', async (context) => {
      const { front, openTab } = await open(context);
      const [one, two] = [await openTab(), await openTab()];
      await signIn(one, 'ada');
      await two.waitForFunction(() => client.signedIn === true);
      const { arrived, release } = front.holdRequest(WRITE);
      const written = writeNote(one);
      await arrived;
      await signIn(two, 'grace');
      release();
      expect(await written).toBe(401);
      for (const tab of [one, two]) {
        expect(await readMe(tab)).toEqual({ subject: 'grace', note: undefined });
      }
      expect(front.asked.filter((line) => line === WRITE)).toHaveLength(1);
    });

    it('a write of the first that waits for a renewal is not sent after the second has signed in', async (context) => {
      const { front, openTab } = await open(context, { ACCESS_TTL: '2s' });
      const [one, two] = [await openTab(), await openTab()];
      await signIn(one, 'ada');
      await one.waitForFunction(() => client.tokenLife === 0);
      const { arrived, release } = front.hold();
      const written = writeNote(one);
      await arrived;
      // By the fetch of the browser: that of the client would wait for the renewal, too.
      await two.evaluate(async () => {
        const response = await fetch('/login', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: '{"user":"grace"}',
        });
        await client.start((await response.json()) as TokenResponse);
      });
      const sid = await two.evaluate(() => client.sid);
      await one.waitForFunction((current) => client.sid === current, sid);
      release();
      expect(await written).toBe('session_changed');
      expect(front.asked).not.toContain(WRITE);
      // The next renewal needs the cookie of the second, which the late response to the first must not replace.
      await two.waitForFunction(() => client.tokenLife === 0);
      expect(await readMe(two)).toEqual({ subject: 'grace', note: undefined });
      expect(await two.evaluate(() => client.sid)).toBe(sid);
    });

    it('a write of the first is refused after the second signed in without the client', async (context) => {
      const { front, openTab } = await open(context);
      const one = await openTab();
      await signIn(one, 'ada');
      const changes = one.evaluate(
        () =>
          new Promise<string[]>((resolve) => {
            client.subscribe(({ type, sid }) => resolve([type, `${sid === client.sid}`]));
          }),
      );
      const before = await one.evaluate(() => client.sid);
      const two = await openTab();
      await two.evaluate(() =>
        fetch('/login', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: '{"user":"grace"}',
        }).then(({ status }) => status),
      );
      expect(await writeNote(one)).toBe(401);
      expect(front.asked.filter((line) => line === WRITE)).toHaveLength(1);
      expect(await changes).toEqual(['signed-in', 'true']);
      expect(await one.evaluate(() => client.sid)).not.toBe(before);
      expect(await readMe(one)).toEqual({ subject: 'grace', note: undefined });
    });
  });
});
