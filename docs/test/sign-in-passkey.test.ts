import { readFileSync } from 'node:fs';
import type { WebAuthnCredential } from '@simplewebauthn/server';
import type { Page } from 'playwright-core';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { createPasskeyRoutes, type Passkeys } from '../guides/sign-in-passkey.js';
import { describeInChromium, openSite } from './site.js';

/** What the browser gets of the guide's page. */
const SCRIPT = ts.transpileModule(readFileSync('docs/guides/sign-in-passkey-page.ts', 'utf8'), {
  compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
}).outputText;

function createTable(): Passkeys & { readonly counters: () => readonly number[] } {
  const rows = new Map<string, { subject: string; passkey: WebAuthnCredential }>();
  return {
    async add(subject, passkey) {
      rows.set(passkey.id, { subject, passkey });
    },
    async of(subject) {
      return [...rows.values()].flatMap((row) => (row.subject === subject ? [row.passkey] : []));
    },
    find: async (id) => rows.get(id),
    async setCounter(id, counter) {
      const row = rows.get(id);
      if (row !== undefined) row.passkey.counter = counter;
    },
    counters: () => [...rows.values()].map(({ passkey }) => passkey.counter),
  };
}

/** Returns what the application shows of the session. */
async function sessionOf(page: Page, origin: string): Promise<unknown> {
  return (await page.request.get(`${origin}/`)).json();
}

describeInChromium('passkeys', (openPage) => {
  /** Opens the application in a browser that has an authenticator with a fingerprint. */
  async function open() {
    const passkeys = createTable();
    const origin = await openSite((site) =>
      createPasskeyRoutes({ origin: site, passkeys }).get('/passkeys.js', (_req, res) => {
        res.type('text/javascript').send(SCRIPT);
      }),
    );
    const page = await openPage();
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('WebAuthn.enable');
    const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
      },
    });
    const verify = (isUserVerified: boolean) =>
      cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
    await page.goto(`${origin}/sign-in`);
    return { origin, page, passkeys, verify };
  }

  /** Calls a function of the guide's page, and returns the message of its error. */
  function call(page: Page, name: 'addPasskey' | 'signInWithPasskey'): Promise<string | undefined> {
    // A text, so that the dynamic import stays one.
    return page.evaluate(
      `import('/passkeys.js').then((guide) => guide.${name}()).then(() => undefined, ({ message }) => message)`,
    );
  }

  async function signInByPassword(page: Page, origin: string): Promise<void> {
    await page.request.post(`${origin}/sign-in`, { form: { user: 'ada' } });
  }

  it('a user adds a passkey, signs out, and signs in with it as two factors', async () => {
    const { origin, page, passkeys } = await open();
    expect(await call(page, 'addPasskey')).toBe('/passkeys/options: 401');
    await signInByPassword(page, origin);
    expect(await call(page, 'addPasskey')).toBeUndefined();
    await page.request.post(`${origin}/session/logout`);
    expect(await sessionOf(page, origin)).toMatchObject({ subject: null });

    expect(await call(page, 'signInWithPasskey')).toBeUndefined();
    expect(await sessionOf(page, origin)).toEqual({
      subject: 'ada',
      acr: 'two-factor',
      amr: ['pop', 'mfa'],
    });
    const [first = 0] = passkeys.counters();
    expect(await call(page, 'signInWithPasskey')).toBeUndefined();
    expect(passkeys.counters()[0]).toBeGreaterThan(first);
    // The account has this authenticator already.
    expect(await call(page, 'addPasskey')).toMatch(/previously registered|excluded|already/i);
  });

  it('a signed challenge counts once, and in the browser that asked for it', async () => {
    const { origin, page } = await open();
    await signInByPassword(page, origin);
    await call(page, 'addPasskey');
    await page.request.post(`${origin}/session/logout`);
    const sent = page.waitForRequest(`${origin}/sign-in/passkey`);
    expect(await call(page, 'signInWithPasskey')).toBeUndefined();
    const body = (await sent).postData() ?? '';
    await page.request.post(`${origin}/session/logout`);

    const send = { data: body, headers: { 'content-type': 'application/json' } };
    const again = await page.request.post(`${origin}/sign-in/passkey`, send);
    expect(again.status()).toBe(400);
    // With a challenge of this browser the signature is one of another challenge.
    await page.request.post(`${origin}/sign-in/passkey/options`);
    expect((await page.request.post(`${origin}/sign-in/passkey`, send)).status()).toBe(400);
    expect(await sessionOf(page, origin)).toMatchObject({ subject: null });
  });

  it('a key without the fingerprint of its user does not sign in', async () => {
    const { origin, page, verify } = await open();
    await signInByPassword(page, origin);
    await call(page, 'addPasskey');
    await page.request.post(`${origin}/session/logout`);
    await verify(false);
    expect(await call(page, 'signInWithPasskey')).toMatch(/not allowed|timed out/i);
    expect(await sessionOf(page, origin)).toMatchObject({ subject: null });
  });
});
