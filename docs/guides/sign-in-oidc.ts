import { safeReturn } from '@sess/core';
import { Router } from 'express';
import * as oidc from 'openid-client';

export interface OidcOptions {
  /** What `discovery` of openid-client has returned. */
  readonly config: oidc.Configuration;
  /** Scheme, host and port of this application. The provider knows `${origin}/sign-in/oidc/callback`. */
  readonly origin: string;
  /** More parameters of the request, such as `response_mode` or `acr_values`. Default: none. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Returns the id of the user whom the provider knows under `sub`, and creates the user at the first sign-in. */
  userOf(issuer: string, sub: string): Promise<string>;
}

interface Begun {
  readonly verifier: string;
  readonly nonce: string;
  readonly returnTo: string;
}

/** OpenID Connect: authorization code flow with PKCE (RFC 9700, section 2.1.1). Needs a cookie transport. */
export function createOidcRoutes(options: OidcOptions): Router {
  const { config, origin, parameters, userOf } = options;
  const router = Router();
  const redirect_uri = `${origin}/sign-in/oidc/callback`;

  router.get('/sign-in/oidc', async (req, res) => {
    const [verifier, state, nonce] = [
      oidc.randomPKCECodeVerifier(),
      oidc.randomState(),
      oidc.randomNonce(),
    ];
    const returnTo = safeReturn(req.query['return_to']) ?? '/';
    // The state is part of the name, so that two tabs do not disturb each other.
    await req.sessions.put(`oidc:${state}`, { verifier, nonce, returnTo }, '10m');
    const url = oidc.buildAuthorizationUrl(config, {
      scope: 'openid',
      ...parameters,
      redirect_uri,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    res.redirect(303, url.href);
  });

  router.get('/sign-in/oidc/callback', async (req, res) => {
    const state = String(req.query['state']);
    // Another browser has no such value, and the same one has it once.
    const begun = (await req.sessions.take(`oidc:${state}`)) as Begun | undefined;
    // With an error, the user has changed their mind at the provider.
    if (begun === undefined || 'error' in req.query) return res.redirect(303, '/sign-in');
    const tokens = await oidc.authorizationCodeGrant(config, new URL(req.originalUrl, origin), {
      pkceCodeVerifier: begun.verifier,
      expectedState: state,
      expectedNonce: begun.nonce,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined) return res.redirect(303, '/sign-in');
    const subject = await userOf(claims.iss, claims.sub);
    await req.sessions.start({ subject });
    res.redirect(303, begun.returnTo);
  });

  // Apple, and others with `response_mode=form_post`: the browser sends no `SameSite=Lax` cookie with the form of another
  // site, but sends it when it follows this redirect.
  router.post('/sign-in/oidc/callback', (req, res) => {
    const { code, state, iss, error } = req.body as Record<string, unknown>;
    const given = Object.entries({ code, state, iss, error }).filter(isText);
    res.redirect(303, `${redirect_uri}?${new URLSearchParams(given)}`);
  });

  return router;
}

function isText(entry: [string, unknown]): entry is [string, string] {
  return typeof entry[1] === 'string';
}
