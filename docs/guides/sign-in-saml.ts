import { randomBytes } from 'node:crypto';
import type { Profile, SAML } from '@node-saml/node-saml';
import { parseCookie } from 'cookie';
import { Router } from 'express';

export interface SamlOptions {
  /** With `validateInResponseTo: 'always'`, so that a response counts once; several processes share its `cacheProvider`. */
  readonly saml: SAML;
  /** The origin of the page of the provider that sends the form. */
  readonly providerOrigin: string;
  userOf(profile: Profile): Promise<string>;
}

const COOKIE = '__Host-saml';
/** `none`: the only cookies that a browser sends with the form of another site. */
const ATTRIBUTES = { httpOnly: true, secure: true, sameSite: 'none', path: '/' } as const;

/** SAML 2.0: the provider returns by a form that its page sends. */
export function createSamlRoutes({ saml, providerOrigin, userOf }: SamlOptions): Router {
  const router = Router();

  router.get('/sign-in/saml', async (_req, res) => {
    const state = randomBytes(32).toString('base64url');
    res.cookie(COOKIE, state, { ...ATTRIBUTES, maxAge: 600_000 });
    res.redirect(303, await saml.getAuthorizeUrlAsync(state, undefined, {}));
  });

  router.post('/sign-in/saml/callback', async (req, res) => {
    const { RelayState, SAMLResponse } = req.body as Record<string, unknown>;
    const state = parseCookie(req.headers.cookie ?? '')[COOKIE];
    res.clearCookie(COOKIE, ATTRIBUTES);
    // Another browser began the sign-in, or none.
    if (state === undefined || state !== RelayState) return res.redirect(303, '/sign-in');
    const container = { SAMLResponse: String(SAMLResponse) };
    const { profile } = await saml.validatePostResponseAsync(container);
    if (profile === null) return res.redirect(303, '/sign-in');
    // Only this call trusts the origin, and only after the checks.
    await req.sessions.start({ subject: await userOf(profile) }, { origins: [providerOrigin] });
    res.redirect(303, '/');
  });

  return router;
}
