import { SAML, ValidateInResponseTo } from '@node-saml/node-saml';
import { expect, it } from 'vitest';
import { createSamlRoutes } from '../guides/sign-in-saml.js';
import { startSamlProvider } from './saml-provider.js';
import { describeInChromium, openSite, whoIs } from './site.js';

const CALLBACK = '/sign-in/saml/callback';

describeInChromium('SAML', (openPage) => {
  async function open() {
    let providerOrigin = '';
    const origin = await openSite(async (site) => {
      const provider = await startSamlProvider(site + CALLBACK);
      providerOrigin = provider.origin;
      const saml = new SAML({
        callbackUrl: site + CALLBACK,
        entryPoint: `${provider.origin}/sso`,
        issuer: 'shop',
        audience: 'shop',
        idpIssuer: provider.origin,
        idpCert: provider.publicKey,
        wantAuthnResponseSigned: false,
        validateInResponseTo: ValidateInResponseTo.always,
      });
      const userOf = async ({ nameID }: { readonly nameID: string }) => nameID;
      return createSamlRoutes({ saml, providerOrigin, userOf });
    });
    return { origin, providerOrigin };
  }

  it('the form of a provider signs in the browser that began, once', async () => {
    const { origin, providerOrigin } = await open();
    const page = await openPage();
    const posted = page.waitForRequest(origin + CALLBACK);
    await page.goto(`${origin}/sign-in/saml`);
    await page.waitForURL(`${origin}/`);
    expect(await whoIs(page, origin)).toBe('ada');
    expect(await (await posted).allHeaders()).toMatchObject({
      origin: providerOrigin,
      'sec-fetch-site': 'cross-site',
    });

    // The same response in another browser: without a state, and with one that it has made up.
    const form = Object.fromEntries(new URLSearchParams((await posted).postData() ?? ''));
    const thief = await openPage();
    const refused = await thief.request.post(origin + CALLBACK, { form });
    expect(refused.url()).toBe(`${origin}/sign-in`);
    const domain = 'localhost';
    await thief
      .context()
      .addCookies([
        { name: '__Host-saml', value: 'own', domain, path: '/', secure: true, sameSite: 'None' },
      ]);
    const replayed = { ...form, RelayState: 'own' };
    const again = await thief.request.post(origin + CALLBACK, { form: replayed });
    expect(again.status()).toBe(500);
    expect(await whoIs(thief, origin)).toBeNull();
  });

  it('a page of a third site cannot post the response', async () => {
    const { origin } = await open();
    const page = await openPage();
    await page.route(`**${CALLBACK}`, (route) => route.abort());
    const posted = page.waitForRequest(origin + CALLBACK);
    await page.goto(`${origin}/sign-in/saml`);
    const form = Object.fromEntries(new URLSearchParams((await posted).postData() ?? ''));
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    const refused = await page.request.post(origin + CALLBACK, { form, headers });
    expect(refused.status()).toBe(403);
    expect(await whoIs(page, origin)).toBeNull();
  });
});
