import type { Browser, Cookie, Page } from 'playwright-core';
import type { TestContext } from 'vitest';
import { type RunningExample, startExample } from '../../../../test/demo/process.js';
import type { SessionClient, TokenResponse } from '../../src/index.js';
import { type Front, startFront } from './front.js';

/** What the scripts of the test page see. */
declare global {
  var client: SessionClient;
}

/** An example behind a front, and one person's browser. */
export interface Site {
  readonly front: Front;
  /** All of them, those hidden from scripts too. */
  cookies(): Promise<Cookie[]>;
  /** A tab in which the client is ready, and nothing is known yet. */
  openTab(): Promise<Page>;
  /** Three tabs, in the first of which somebody has signed in. */
  openThree(): Promise<readonly [Page, Page, Page]>;
  /** Ends the API without a word. */
  kill(): Promise<void>;
  startAgain(): Promise<void>;
}

export interface SiteOptions {
  readonly example: string;
  readonly browser: Browser;
  readonly variables: Readonly<Record<string, string>>;
  readonly onTestFinished: TestContext['onTestFinished'];
  /** Runs in every tab before anything else. */
  readonly initScript?: string;
}

export async function openSite(options: SiteOptions): Promise<Site> {
  const { example: name, browser, variables, onTestFinished, initScript } = options;
  let example: RunningExample = await startExample(name, variables);
  const front = await startFront(example.base);
  const context = await browser.newContext();
  if (initScript !== undefined) await context.addInitScript(initScript);
  onTestFinished(async () => {
    await context.close();
    front.close();
    await example.stop('SIGKILL');
  });

  async function openTab(): Promise<Page> {
    const page = await context.newPage();
    await page.goto(`${front.base}/app`);
    await page.waitForFunction(() => 'client' in globalThis);
    return page;
  }

  return {
    front,
    cookies: () => context.cookies(),
    openTab,
    async openThree() {
      const tabs = [await openTab(), await openTab(), await openTab()] as const;
      await signIn(tabs[0]);
      for (const tab of tabs) await tab.waitForFunction(() => client.signedIn === true);
      return tabs;
    },
    kill: async () => void (await example.stop('SIGKILL')),
    async startAgain() {
      example = await startExample(name, variables);
      front.target = example.base;
    },
  };
}

export function signIn(tab: Page, user = 'ada'): Promise<void> {
  return tab.evaluate(async (name) => {
    const answer = await client.fetch('/login', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ user: name }),
    });
    await client.start((await answer.json()) as TokenResponse);
  }, user);
}

/** The statuses of so many requests at once. */
export function askFor(tab: Page, count = 1): Promise<number[]> {
  return tab.evaluate(
    (times) =>
      Promise.all(Array.from({ length: times }, async () => (await client.fetch('/me')).status)),
    count,
  );
}

export function whoIsSignedIn(tabs: readonly Page[]): Promise<(boolean | undefined)[]> {
  return Promise.all(tabs.map((tab) => tab.evaluate(() => client.signedIn)));
}
