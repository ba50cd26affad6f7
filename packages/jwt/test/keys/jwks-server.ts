import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Sessions } from '@sess/core';
import { silentLogger } from '@sess/testkit';
import { type VerifyOnlyOptions, verifyOnly } from '../../src/index.js';
import { AUDIENCE, ISSUER, type TestKey } from '../arrange.js';

/** A server of a JWK Set, on this machine, whose answer a test can change. */
export interface JwksServer {
  readonly uri: string;
  /** How often it was asked. */
  readonly asked: () => number;
  answer: (response: ServerResponse) => void;
  serve(keys: readonly unknown[]): void;
  close(): Promise<void>;
}

export async function startJwksServer(): Promise<JwksServer> {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    jwks.answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const jwks: JwksServer = {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/.well-known/jwks.json`,
    asked: () => asked,
    answer: (response) => response.end('{"keys":[]}'),
    serve(keys) {
      jwks.answer = (response) => {
        response.setHeader('content-type', 'application/jwk-set+json');
        response.end(JSON.stringify({ keys }));
      };
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return jwks;
}

/** A service that verifies by the keys of a server, or by those that it is given. */
export function verifierAt(server: JwksServer, more: Partial<VerifyOnlyOptions>): Sessions {
  return verifyOnly({
    ...(more.jwks === undefined ? { jwksUri: server.uri } : {}),
    issuer: ISSUER,
    audience: AUDIENCE,
    logger: silentLogger,
    ...more,
  });
}

/** A key as its issuer publishes it. */
export const publicOf = ({ key }: TestKey): object => ({ ...key.publicJwk });
