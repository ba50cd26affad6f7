import { createSessions } from '@sess/core';
import { silentLogger } from '@sess/testkit';
import { generateKeyPair, generateProof } from 'dpop';
import * as oauth from 'oauth4webapi';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startHost } from '../../web/test/host.js';
import { dpop } from '../src/index.js';

const ORIGIN = 'https://api.example.com';

/** Starts an application that its clients know as `https://api.example.com`. */
async function openApi() {
  const sessions = createSessions({ logger: silentLogger });
  const host = await startHost({
    sessions,
    options: { bound: dpop({ origin: ORIGIN }) },
    gate: async () => {},
  });
  onTestFinished(() => host.close());
  const statuses: number[] = [];
  return {
    statuses,
    async send(url: string, init: RequestInit) {
      const response = await fetch(url.replace(ORIGIN, host.url), init);
      statuses.push(response.status);
      return response;
    },
  };
}

type Api = Awaited<ReturnType<typeof openApi>>;

/** Signs in with a proof, and returns the token and the cookie. */
async function signIn(api: Api, proof: string) {
  const response = await api.send(`${ORIGIN}/login`, {
    method: 'POST',
    headers: { DPoP: proof, 'Content-Type': 'application/json' },
    body: JSON.stringify({ user: 'ada' }),
  });
  const { access_token: token, token_type: type } = (await response.json()) as Record<
    string,
    string
  >;
  expect([response.status, type]).toEqual([200, 'DPoP']);
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  return { token: token ?? '', cookie };
}

describe('a client of another author', () => {
  it.each(['ES256', 'Ed25519'] as const)('dpop proves a key of %s', async (alg) => {
    const api = await openApi();
    const keys = await generateKeyPair(alg);
    const { token } = await signIn(api, await generateProof(keys, `${ORIGIN}/login`, 'POST'));
    const get = async (nonce?: string) =>
      api.send(`${ORIGIN}/me?page=2`, {
        headers: {
          Authorization: `DPoP ${token}`,
          DPoP: await generateProof(keys, `${ORIGIN}/me`, 'GET', nonce, token),
        },
      });
    const challenge = await get();
    expect(challenge.headers.get('www-authenticate')).toContain('error="use_dpop_nonce"');
    const response = await get(challenge.headers.get('dpop-nonce') ?? undefined);
    expect(await response.json()).toMatchObject({ subject: 'ada', binding: { kind: 'dpop' } });
  });

  it('oauth4webapi refreshes, asks for a resource, and refreshes again, and follows the nonces by itself', async () => {
    const api = await openApi();
    const client: oauth.Client = { client_id: 'app' };
    const server: oauth.AuthorizationServer = {
      issuer: ORIGIN,
      token_endpoint: `${ORIGIN}/session/refresh`,
    };
    const keys = await oauth.generateKeyPair('ES256');
    const handle = oauth.DPoP(client, keys);
    const customFetch = (url: string, init: unknown) => api.send(url, init as RequestInit);

    const first = await signIn(api, await generateProof(keys, `${ORIGIN}/login`, 'POST'));
    let { cookie } = first;
    async function refresh() {
      const request = () =>
        oauth.refreshTokenGrantRequest(server, client, oauth.None(), 'in the cookie', {
          DPoP: handle,
          headers: { cookie },
          [oauth.customFetch]: customFetch,
        });
      let response = await request();
      const repeat = await oauth
        .processRefreshTokenResponse(server, client, response.clone())
        .catch((error: unknown) => {
          if (oauth.isDPoPNonceError(error)) return undefined;
          throw error;
        });
      if (repeat === undefined) response = await request();
      cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
      return repeat ?? oauth.processRefreshTokenResponse(server, client, response);
    }
    async function get(token: string) {
      const request = () =>
        oauth.protectedResourceRequest(token, 'GET', new URL(`${ORIGIN}/me`), undefined, null, {
          DPoP: handle,
          [oauth.customFetch]: customFetch,
        });
      const response = await request().catch((error: unknown) => {
        if (oauth.isDPoPNonceError(error)) return request();
        throw error;
      });
      return (await response.json()) as { subject?: string };
    }

    const refreshed = await refresh();
    expect(refreshed.token_type).toBe('dpop');
    expect(await get(refreshed.access_token)).toMatchObject({ subject: 'ada' });
    const again = await refresh();
    expect(await get(again.access_token)).toMatchObject({ subject: 'ada' });
    // The sign-in was none of the client's, so the first refresh was asked for a nonce; what followed had it.
    expect(api.statuses).toEqual([200, 400, 200, 200, 200, 200]);
  });
});
