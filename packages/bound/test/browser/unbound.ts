import type { BrowserContext } from 'playwright-core';
import { expect } from 'vitest';
import {
  BOUND_TTL_MS,
  type BoundSite,
  fetchParts,
  load,
  loadAfter,
  press,
  submitSignIn,
} from './bound-site.js';

/** Headers whose values differ from one run to the next. */
const VARYING = new Set(['date', 'etag', 'content-length', 'location', 'set-cookie']);
/** The one header that a sign-in and a re-authentication may have besides. */
const OFFER = 'secure-session-registration';

/** Plays a day of a browser that binds nothing, and returns what it received, without values of tokens and times. */
export async function playUnbound(
  site: BoundSite,
  context: BrowserContext,
): Promise<readonly object[]> {
  const tab = await context.newPage();
  const shown = [await load(site, tab)];
  await submitSignIn(site, tab);
  const cookies = await context.cookies();
  // As long as the cookie of a bound session would live.
  shown.push(await loadAfter(site, tab, BOUND_TTL_MS));
  const other = await context.newPage();
  shown.push(await load(site, other));
  const parts = [await fetchParts(tab, 2), await fetchParts(other, 2)].flat();
  expect(parts).toEqual([200, 200, 200, 200]);
  if (site.outlives) await site.restart();
  shown.push(await load(site, tab));
  await site.fail();
  shown.push(await load(site, tab));
  await site.heal();
  shown.push(await load(site, tab));
  expect(await context.cookies()).toEqual(cookies);
  await press(tab, '/again');
  await press(tab, '/session/logout');
  expect(await context.cookies()).toEqual([]);
  shown.push(await load(site, tab));
  const user = 'Signed in as ada';
  expect(shown).toEqual(['/sign-in', user, user, user, '503', user, '/sign-in']);
  // Browsers ask for the icon when they like.
  const seen = site.front.seen.filter(({ line }) => line !== 'GET /favicon.ico');
  return seen.map(({ line, status, headers, skipped }) => ({
    line,
    status,
    skipped,
    cookies: headers['set-cookie']?.map((cookie) => cookie.replace(/srt_[^;]*/, 'srt_')),
    headers: Object.entries(headers)
      .filter(([name]) => name !== OFFER)
      .map(([name, value]) => (VARYING.has(name) ? name : `${name}: ${String(value)}`))
      .sort(),
  }));
}
