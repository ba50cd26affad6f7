import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { launchBrowser, whyNoBrowser } from '../../../../test/browser.js';
import type { TokenResponse } from '../../src/index.js';
import { startBoundApi } from './bound-api.js';

const skipped = whyNoBrowser === undefined ? '' : ` (skipped: ${whyNoBrowser})`;

describe.skipIf(skipped !== '')(`the key of dpopKey() in Chromium${skipped}`, () => {
  let browser: Browser;

  beforeAll(async () => {
    if (whyNoBrowser === undefined) browser = await launchBrowser();
  }, 60_000);

  afterAll(() => browser?.close());

  /** An API, and the browser of one person. */
  async function open({ onTestFinished }: TestContext) {
    const api = await startBoundApi(onTestFinished);
    const openProfile = async (): Promise<BrowserContext> => {
      const context = await browser.newContext();
      onTestFinished(() => context.close());
      return context;
    };
    const context = await openProfile();
    async function openTab(profile = context): Promise<Page> {
      const tab = await profile.newPage();
      await tab.goto(`${api.origin}/app`);
      await isReady(tab);
      return tab;
    }
    return { ...api, context, openProfile, openTab };
  }

  it('signs in, asks the API and refreshes, and no script can read it', async (test) => {
    const { openTab, seen } = await open(test);
    const tab = await openTab();
    const jkt = await signIn(tab);
    expect(jkt).toMatch(/^[\w-]{43}$/);
    const first = seen.indexOf('POST /login - 200');
    expect(await tab.evaluate(() => client.refresh())).toBe(true);
    expect(await readJkt(tab)).toBe(jkt);
    // The sign-in and the refresh have returned the nonces for what followed.
    expect(seen.slice(first)).toEqual([
      'POST /login - 200',
      'GET /me DPoP 200',
      'POST /session/refresh DPoP 200',
      'GET /me DPoP 200',
    ]);
    const stored = await tab.evaluate(readStoredKey);
    expect(stored).toEqual({
      algorithm: { name: 'ECDSA', namedCurve: 'P-256' },
      extractable: false,
      usages: ['sign'],
      exported: 'InvalidAccessError',
    });
  });

  it('survives a reload, after which the user is still signed in', async (test) => {
    const { openTab, seen, sessions } = await open(test);
    const tab = await openTab();
    const jkt = await signIn(tab);
    const before = seen.length;
    await tab.reload();
    await isReady(tab);
    expect(await tab.evaluate(() => client.refresh())).toBe(true);
    expect(await readJkt(tab)).toBe(jkt);
    expect(await sessions.list('ada')).toHaveLength(1);
    // The nonce is in memory only, so the first proof of a page has none.
    expect(seen.slice(before)).toEqual([
      'POST /session/refresh - 400',
      'POST /session/refresh - 200',
      'GET /me DPoP 200',
    ]);
  });

  it('is one for all tabs, also where two are the first to need it', async (test) => {
    const { openTab } = await open(test);
    const tabs = [await openTab(), await openTab()] as const;
    // Each sends a proof, for which it makes a key.
    const asked = tabs.map((tab) => tab.evaluate(() => client.fetch('/me').then(() => {})));
    await Promise.all(asked);
    const jkt = await signIn(tabs[0]);
    expect(await tabs[1].evaluate(() => client.refresh())).toBe(true);
    expect(await readJkt(tabs[1])).toBe(jkt);
    const third = await openTab();
    expect(await third.evaluate(() => client.refresh())).toBe(true);
    expect(await readJkt(third)).toBe(jkt);
    expect(await readJkt(tabs[0])).toBe(jkt);
  });

  it('is missing in a second profile, where the copied cookie is of no use', async (test) => {
    const { context, openProfile, openTab, seen } = await open(test);
    const tab = await openTab();
    const jkt = await signIn(tab);
    const thief = await openProfile();
    await thief.addCookies(await context.cookies());
    const stolen = await openTab(thief);
    const before = seen.length;
    expect(await stolen.evaluate(() => client.refresh())).toBe(false);
    expect(new Set(seen.slice(before))).toEqual(new Set(['POST /session/refresh - 400']));
    expect(await tab.evaluate(() => client.refresh())).toBe(true);
    expect(await readJkt(tab)).toBe(jkt);
  });

  it('is lost with the site data: the user is signed out, and signs in with a new one', async (test) => {
    const { openTab } = await open(test);
    const tab = await openTab();
    const jkt = await signIn(tab);
    await tab.evaluate(deleteDatabase);
    // The page that has it goes on.
    expect(await tab.evaluate(() => client.refresh())).toBe(true);
    expect(await readJkt(tab)).toBe(jkt);
    await tab.reload();
    await isReady(tab);
    expect(await tab.evaluate(() => client.refresh())).toBe(false);
    expect(await tab.evaluate(() => client.signedIn)).toBe(false);
    const next = await signIn(tab);
    expect(next).not.toBe(jkt);
    await tab.reload();
    await isReady(tab);
    expect(await readJkt(tab)).toBe(next);
  });
});

function isReady(tab: Page): Promise<unknown> {
  return tab.waitForFunction(() => 'client' in globalThis);
}

/** Signs in, and returns the thumbprint that the session is bound to. */
async function signIn(tab: Page): Promise<string> {
  await tab.evaluate(async () => {
    const response = await client.fetch('/login', { method: 'POST' });
    await client.start((await response.json()) as TokenResponse);
  });
  return readJkt(tab);
}

function readJkt(tab: Page): Promise<string> {
  return tab.evaluate(async () => {
    const response = await client.fetch('/me');
    const { binding } = (await response.json()) as { binding?: { readonly jkt: string } };
    return binding?.jkt ?? `none, status ${response.status}`;
  });
}

/** Runs in the page: what a script can learn of the private key. */
async function readStoredKey() {
  const settle = <Result>(request: IDBRequest<Result>): Promise<Result> =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const database = await settle(indexedDB.open('sess'));
  const table = database.transaction('keys').objectStore('keys');
  const { privateKey } = (await settle(table.get('dpop'))) as CryptoKeyPair;
  database.close();
  const exported = await crypto.subtle.exportKey('pkcs8', privateKey).then(
    () => 'bytes',
    (error: DOMException) => error.name,
  );
  const { algorithm, extractable, usages } = privateKey;
  return { algorithm, extractable, usages, exported };
}

/** Runs in the page. */
function deleteDatabase(): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase('sess');
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
  });
}
