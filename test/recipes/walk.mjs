// What every recipe with pages has to do in a browser.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';

/** The recipes renew their cookie after this time. */
export const RENEW_AFTER = '1s';
const RENEWAL_MS = 1_100;

/** Signs in, renews the cookie from two tabs at once, and signs out of both. */
export async function walkPages(browser, base) {
  const context = await browser.newContext();
  try {
    const first = await context.newPage();
    await first.goto(`${base}/account`);
    expect(new URL(first.url()).pathname).toBe('/sign-in');
    await first.getByRole('button', { name: 'Sign in' }).click();
    await first.getByText('Signed in as ada').waitFor();
    const second = await context.newPage();
    await second.goto(`${base}/account`);
    await second.getByText('Signed in as ada').waitFor();

    const before = await cookieOf(context);
    await sleep(RENEWAL_MS);
    await Promise.all([first.reload(), second.reload()]);
    for (const tab of [first, second]) await tab.getByText('Signed in as ada').waitFor();
    const after = await cookieOf(context);
    expect(after).not.toBe(before);
    await expectForeignFormRefused(base, after);
    await second.goto(base);
    await followLink(second, /\/account$/);
    await second.getByText('Signed in as ada').waitFor();

    await first.getByRole('button', { name: 'Sign out' }).click();
    await first.waitForURL(`${base}/`);
    expect(await cookieOf(context)).toBeUndefined();
    await second.reload();
    expect(new URL(second.url()).pathname).toBe('/sign-in');
    await followLink(first, /\/sign-in/);
    await expectEnded(base, [before, after]);
  } finally {
    await context.close();
  }
}

/** A framework may follow the link without loading a page. */
async function followLink(tab, target) {
  await tab.getByRole('link', { name: 'Account' }).click();
  await tab.waitForURL(target);
}

async function cookieOf(context) {
  const cookies = await context.cookies();
  return cookies.find(({ name }) => name === '__Host-sess')?.value;
}

/** A page of another site must not be able to end the session. */
async function expectForeignFormRefused(base, value) {
  const response = await fetch(`${base}/session/logout`, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      cookie: `__Host-sess=${value}`,
      origin: 'https://evil.example',
      'sec-fetch-site': 'cross-site',
      'content-type': 'application/x-www-form-urlencoded',
    },
  });
  expect(response.status).toBe(403);
}

/** Neither the newest cookie nor the one before opens the page after the sign-out. */
async function expectEnded(base, values) {
  for (const value of values) {
    const headers = { cookie: `__Host-sess=${value}` };
    const response = await fetch(`${base}/account`, { headers, redirect: 'manual' });
    expect(await response.text()).not.toContain('Signed in as');
  }
}
