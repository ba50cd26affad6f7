import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { startPagesRedis } from '../../packages/redis/test/pages-store.js';
import { launchBrowser, whyNoBrowser } from '../browser.js';
import { startProgram } from '../demo/process.js';
import { startFront } from './front.js';

const PROGRAM = '../packages/hono/test/runtimes/pages.mjs';

const skipped = whyNoBrowser === undefined ? '' : ` (skipped: ${whyNoBrowser})`;
describe.skipIf(skipped !== '')(`in Chromium${skipped}`, { timeout: 120_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    if (whyNoBrowser === undefined) browser = await launchBrowser();
  }, 60_000);
  afterAll(() => browser?.close());

  /** Starts the pages in a process, and signs in by the form. */
  async function signIn(store: 'memory' | 'redis', onTestFinished: TestContext['onTestFinished']) {
    const redis = store === 'redis' ? await startPagesRedis() : undefined;
    const variables = redis === undefined ? {} : { STORE: redis.module, REDIS_URL: redis.url };
    let running = await startProgram(PROGRAM, variables);
    const front = await startFront(running.base);
    const context = await browser.newContext();
    onTestFinished(async () => {
      await context.close();
      front.close();
      await running.stop('SIGKILL');
      await redis?.stop();
    });
    const tab = await context.newPage();
    await tab.goto(`${front.origin}/page`);
    await tab.getByRole('button', { name: 'Sign in' }).click();
    await tab.waitForURL('**/page');
    return {
      front,
      context,
      tab,
      /** Returns the status of a request of the page, and 0 without a response. */
      askForPart: () =>
        tab.evaluate(() =>
          fetch('/part').then(
            ({ status }) => status,
            () => 0,
          ),
        ),
      async kill() {
        const { child, ending } = running;
        process.kill(child.pid as number, 'SIGKILL');
        expect((await ending).signal).toBe('SIGKILL');
      },
      async startAgain() {
        running = await startProgram(PROGRAM, variables);
        front.target = running.base;
        return running.child.pid;
      },
    };
  }

  it('a user is still signed in after the process was killed and another one has started on the same Redis [rotation.restart]', async ({
    onTestFinished,
  }) => {
    const site = await signIn('redis', onTestFinished);
    const cookies = await site.context.cookies();
    expect(await site.askForPart()).toBe(200);
    await site.kill();
    expect(await site.askForPart()).toBe(0);
    const pid = await site.startAgain();
    expect(await site.askForPart()).toBe(200);
    await site.tab.goto(`${site.front.origin}/page`);
    expect(await site.tab.textContent('p')).toBe(`ada at process ${pid}`);
    expect(await site.context.cookies()).toEqual(cookies);
    const signIns = site.front.seen.filter(({ line }) => line.startsWith('GET /sign-in'));
    expect(signIns).toHaveLength(1);
  });

  it('a user is signed out once after the process was killed that kept the sessions in memory', async ({
    onTestFinished,
  }) => {
    const site = await signIn('memory', onTestFinished);
    await site.kill();
    const pid = await site.startAgain();
    expect(await site.askForPart()).toBe(401);
    await site.tab.goto(`${site.front.origin}/page`);
    expect(new URL(site.tab.url()).search).toBe('?return_to=%2Fpage');
    await site.tab.getByRole('button', { name: 'Sign in' }).click();
    await site.tab.waitForURL('**/page');
    expect(await site.tab.textContent('p')).toBe(`ada at process ${pid}`);
    expect(await site.askForPart()).toBe(200);
  });
});
