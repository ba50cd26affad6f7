import { Router } from 'express';
import * as oidc from 'openid-client';
import type { Page, Request } from 'playwright-core';
import { beforeAll, expect, it, vi } from 'vitest';
import { createOidcRoutes } from '../guides/sign-in-oidc.js';
import { CLIENT_ID, CLIENT_SECRET, type RunningProvider, startProvider } from './provider.js';
import { describeInChromium, openSite, whoIs } from './site.js';

describeInChromium('OpenID Connect', (openPage) => {
  beforeAll(() => {
    // The provider names the settings that it would have in production.
    for (const name of ['info', 'warn'] as const) vi.spyOn(console, name).mockReturnValue();
  });
  async function open(parameters: Readonly<Record<string, string>> = {}) {
    let provider: RunningProvider | undefined;
    let isHeld = false;
    const origin = await openSite(async (site) => {
      provider = await startProvider(() => `${site}/sign-in/oidc/callback`);
      const config = await oidc.discovery(
        new URL(provider.issuer),
        CLIENT_ID,
        CLIENT_SECRET,
        undefined,
        { execute: [oidc.allowInsecureRequests] },
      );
      const userOf = async (issuer: string, sub: string) => `${sub} of ${issuer}`;
      const routes = createOidcRoutes({ config, origin: site, parameters, userOf });
      return Router()
        .use('/sign-in/oidc/callback', (_req, res, next) => {
          if (!isHeld) return next();
          res.send('held');
        })
        .use(routes);
    });
    if (provider === undefined) throw new Error('expected a provider');

    /** Begins a sign-in, and returns the URL of the callback, which has not arrived yet. */
    async function begin(page: Page): Promise<string> {
      isHeld = true;
      await page.goto(`${origin}/sign-in/oidc?return_to=/private`);
      isHeld = false;
      return page.url();
    }

    return { origin, provider, begin, subject: `sub-1 of ${provider.issuer}` };
  }

  it('the code flow with PKCE, state and nonce signs a user in, and leads back', async () => {
    const { origin, provider, subject } = await open();
    const page = await openPage();
    const requests: Request[] = [];
    page.on('request', (request) => requests.push(request));
    await page.goto(`${origin}/sign-in/oidc?return_to=/private`);
    expect(page.url()).toBe(`${origin}/private`);
    expect(await page.textContent('body')).toBe(`private page of ${subject}`);
    const asked = requests.find((request) => request.url().startsWith(`${provider.issuer}/auth?`));
    expect(Object.fromEntries(new URL(asked?.url() ?? '').searchParams)).toMatchObject({
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
    });

    await page.goto(`${origin}/sign-in/oidc?return_to=//evil.example`);
    expect(page.url()).toBe(`${origin}/`);
  });

  it('a callback counts once, and only in the browser that began the sign-in', async () => {
    const { origin, begin, subject } = await open();
    const [page, other] = [await openPage(), await openPage()];
    const callback = await begin(page);
    await other.goto(callback);
    expect(other.url()).toBe(`${origin}/sign-in`);
    expect(await whoIs(other, origin)).toBeNull();

    await page.goto(callback);
    expect(page.url()).toBe(`${origin}/private`);
    expect(await whoIs(page, origin)).toBe(subject);
    await page.goto(callback);
    expect(page.url()).toBe(`${origin}/sign-in`);
  });

  it('two tabs that sign in at the same time do not disturb each other', async () => {
    const { origin, begin } = await open();
    const page = await openPage();
    const tab = await page.context().newPage();
    const [first, second] = [await begin(page), await begin(tab)];
    await tab.goto(second);
    await page.goto(first);
    expect([page.url(), tab.url()]).toEqual([`${origin}/private`, `${origin}/private`]);
  });

  it('a code of another sign-in is refused, because its verifier differs', async () => {
    const { origin, begin } = await open();
    const [page, thief] = [await openPage(), await openPage()];
    const own = new URL(await begin(page));
    const stolen = new URL(await begin(thief));
    own.searchParams.set('code', stolen.searchParams.get('code') ?? '');
    expect((await page.goto(own.href))?.status()).toBe(400);
    expect(await whoIs(page, origin)).toBeNull();
  });

  it('a user who declines at the provider comes back to the sign-in page', async () => {
    const { origin, provider } = await open();
    provider.user = undefined;
    const page = await openPage();
    await page.goto(`${origin}/sign-in/oidc`);
    expect(page.url()).toBe(`${origin}/sign-in`);
  });

  it('a provider that returns by a form of its site signs in, although the form has no cookie', async () => {
    const { origin, subject } = await open({ response_mode: 'form_post' });
    const page = await openPage();
    const posted = page.waitForRequest((request) => request.method() === 'POST');
    await page.goto(`${origin}/sign-in/oidc?return_to=/private`);
    await page.waitForURL(`${origin}/private`);
    const headers = await (await posted).allHeaders();
    expect(headers).toMatchObject({ 'sec-fetch-site': 'cross-site' });
    expect(headers['cookie']).toBeUndefined();
    expect(await whoIs(page, origin)).toBe(subject);

    const other = await openPage();
    const form = { code: 'x', state: 'y' };
    const forged = await other.request.post(`${origin}/sign-in/oidc/callback`, { form });
    expect(forged.url()).toBe(`${origin}/sign-in`);
    expect(await whoIs(other, origin)).toBeNull();
  });
});
