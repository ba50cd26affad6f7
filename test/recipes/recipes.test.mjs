import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, whyNoBrowser } from '../browser.ts';
import { prepareRecipe, startRecipe } from './recipe.mjs';
import { RENEW_AFTER, walkPages } from './walk.mjs';

/** Those that are built by a bundler take minutes with their installation, and wait for the nightly tier. */
const PAGES = [
  { name: 'bun' },
  { name: 'deno' },
  { name: 'elysia' },
  { name: 'koa' },
  { name: 'workers' },
  { name: 'nest' },
  { name: 'nest', variables: { PLATFORM: 'fastify' } },
  { name: 'sveltekit', isHeavy: true },
  { name: 'astro', isHeavy: true },
  { name: 'react-router', isHeavy: true },
  { name: 'nuxt', isHeavy: true },
  { name: 'next', isHeavy: true },
];
const isNightly = process.env.SESS_TIER === 'nightly';
const MINUTES = 60_000;

const prepared = new Map();
/** Builds each recipe once. */
function prepare(name) {
  if (!prepared.has(name)) prepared.set(name, prepareRecipe(name));
  return prepared.get(name);
}

let browser;
beforeAll(async () => {
  browser = whyNoBrowser === undefined ? await launchBrowser() : undefined;
});
afterAll(() => browser?.close());

describe.skipIf(whyNoBrowser !== undefined)('the recipes with pages', () => {
  for (const { name, variables, isHeavy = false } of PAGES) {
    const host = [name, ...Object.values(variables ?? {})].join(' on ');
    it.skipIf(isHeavy && !isNightly)(
      `the recipe ${host} signs in, renews its cookie from two tabs, and signs both out`,
      async () => {
        const recipe = await startRecipe(await prepare(name), { RENEW_AFTER, ...variables });
        try {
          await walkPages(browser, recipe.base);
        } catch (error) {
          error.message += `\n${recipe.output()}`;
          throw error;
        } finally {
          await recipe.stop();
        }
      },
      10 * MINUTES,
    );
  }
});

it(
  'the recipe trpc signs in, guards a procedure, renews its cookie from two tabs, and signs both out',
  async () => {
    const recipe = await startRecipe(await prepare('trpc'), { RENEW_AFTER });
    try {
      const send = (path, method, cookie = '') =>
        fetch(recipe.base + path, {
          method,
          headers: { cookie, 'content-type': 'application/json' },
          ...(method === 'POST' ? { body: '{}' } : {}),
        });
      const cookieOf = (response) => response.headers.getSetCookie()[0]?.split(';', 1)[0];
      expect((await send('/trpc/account', 'GET')).status).toBe(401);
      const first = cookieOf(await send('/trpc/signIn', 'POST'));
      const account = await send('/trpc/account', 'GET', first);
      expect(await account.json()).toEqual({ result: { data: { user: 'ada' } } });
      expect(cookieOf(account)).toBeUndefined();
      await sleep(1_100);
      const tabs = [1, 2].map(() => send('/trpc/account', 'GET', first));
      const [second, other] = (await Promise.all(tabs)).map(cookieOf);
      expect(second).toMatch(/^__Host-sess=srt_/);
      expect(other).toBe(second);
      expect((await send('/trpc/account', 'GET', first)).status).toBe(200);
      expect((await send('/session/logout', 'POST', second)).status).toBe(204);
      for (const cookie of [first, second])
        expect((await send('/trpc/account', 'GET', cookie)).status).toBe(401);
    } finally {
      await recipe.stop();
    }
  },
  2 * MINUTES,
);
