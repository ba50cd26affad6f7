import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type InteractionResults } from 'oidc-provider';
import { onTestFinished } from 'vitest';

export const CLIENT_ID = 'shop';
export const CLIENT_SECRET = randomBytes(32).toString('base64url');

/** An OpenID provider on 127.0.0.1, which is another site than `localhost`. Its user never has to type anything. */
export interface RunningProvider {
  readonly issuer: string;
  /** Who uses the browser. `undefined` declines the sign-in. */
  user: string | undefined;
}

/** Starts a provider that demands PKCE, with one client. */
export async function startProvider(redirectUri: () => string): Promise<RunningProvider> {
  let handle: (req: IncomingMessage, res: ServerResponse) => void = () => {};
  const server = createServer((req, res) => handle(req, res)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const running: RunningProvider = { issuer, user: 'sub-1' };
  const provider = new Provider(issuer, {
    async findAccount(_ctx, accountId) {
      return { accountId, claims: async () => ({ sub: accountId }) };
    },
    clients: [
      { client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris: [redirectUri()] },
    ],
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    jwks: { keys: [privateKey.export({ format: 'jwk' })] },
    pkce: { required: () => true },
  });

  async function interact(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { prompt, params, session } = await provider.interactionDetails(req, res);
    const accountId = session?.accountId ?? running.user;
    let result: InteractionResults = { error: 'access_denied' };
    if (running.user !== undefined && prompt.name === 'login') {
      result = { login: { accountId: running.user } };
    } else if (accountId !== undefined) {
      const grant = new provider.Grant({ accountId, clientId: String(params['client_id']) });
      grant.addOIDCScope('openid');
      result = { consent: { grantId: await grant.save() } };
    }
    await provider.interactionFinished(req, res, result, { mergeWithLastSubmission: true });
  }

  const protocol = provider.callback();
  handle = (req, res) => {
    if (req.url?.startsWith('/interaction/') !== true) return void protocol(req, res);
    interact(req, res).catch((error: Error) => res.destroy(error));
  };
  return running;
}
