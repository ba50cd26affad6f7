import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { WireAnswer, WireRequest } from '../http-client.js';
import { cookieHeader, cookiePair, type Header, json, type TestHost } from './host.js';

/** The origin that `dpop()` of the suite has to be made for. The host listens elsewhere, as behind a proxy. */
export const DPOP_ORIGIN = 'https://api.example.com';

/** What a test changes of a proof; `undefined` leaves a member out. */
export interface DpopChange {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly isCut?: boolean;
}

/** A client that proves its key (RFC 9449). */
export interface Prover {
  readonly jkt: string;
  /** Returns a proof for a request. */
  prove(given: ProofInput, change?: DpopChange): string;
}

export interface ProofInput {
  readonly method: string;
  readonly path: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly token?: string | undefined;
  readonly nonce?: string | undefined;
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');
let proofs = 0;

/** Creates a client with a fresh key for ES256 or EdDSA. */
export function createProver(alg: 'ES256' | 'EdDSA' = 'ES256'): Prover {
  const { privateKey, publicKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('ed25519');
  const jwk = publicKey.export({ format: 'jwk' });
  const names = alg === 'ES256' ? ['crv', 'kty', 'x', 'y'] : ['crv', 'kty', 'x'];
  const required = Object.fromEntries(names.map((name) => [name, jwk[name as keyof typeof jwk]]));
  return {
    jkt: sha256(JSON.stringify(required)),
    prove({ method, path, at, token, nonce }, { header, claims, isCut = false } = {}) {
      proofs += 1;
      const text = [
        { typ: 'dpop+jwt', alg, jwk, ...header },
        {
          jti: `proof-number-${proofs}`.padEnd(16, '.'),
          htm: method,
          htu: DPOP_ORIGIN + path,
          iat: Math.floor(at / 1_000),
          ...(token === undefined ? {} : { ath: sha256(token) }),
          ...(nonce === undefined ? {} : { nonce }),
          ...claims,
        },
      ]
        .map(encode)
        .join('.');
      const signature =
        alg === 'ES256'
          ? sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
          : sign(null, Buffer.from(text), privateKey);
      return `${text}.${(isCut ? signature.subarray(1) : signature).toString('base64url')}`;
    },
  };
}

/** A signed-in client with a key. */
export interface BoundClient {
  readonly prover: Prover;
  readonly token: string;
  readonly carried: Header;
  /** The nonce that came with the sign-in. */
  readonly first: string | undefined;
  /** Sends a request with its token and a proof. */
  call(
    path: string,
    request?: WireRequest & { readonly nonce?: string | undefined },
    change?: DpopChange,
  ): Promise<WireAnswer>;
  /** Refreshes, and returns the response. */
  refresh(nonce?: string, change?: DpopChange, by?: Prover): Promise<WireAnswer>;
  /** Returns a nonce that is accepted now, or nothing where none is needed. */
  nonce(): Promise<string | undefined>;
}

/** Signs in with a proof. */
export async function signInWithKey(
  host: TestHost,
  prover: Prover = createProver(),
): Promise<BoundClient> {
  const now = (): number => host.clock.now();
  const proof = prover.prove({ method: 'POST', path: '/login', at: now() });
  const response = await host.send('/login', {
    method: 'POST',
    body: { user: 'ada' },
    headers: [['DPoP', proof]],
  });
  const token = String(json(response)['access_token']);
  const carried = cookieHeader(cookiePair(response) ?? '');
  const client: BoundClient = {
    prover,
    token,
    carried,
    first: response.headers['dpop-nonce'],
    call(path, { nonce, method = 'GET', headers = [], ...request } = {}, change = {}) {
      const sent = prover.prove({ method, path, at: now(), token, nonce }, change);
      return host.send(path, {
        ...request,
        method,
        headers: [['Authorization', `DPoP ${token}`], ['DPoP', sent], ...headers],
      });
    },
    refresh(nonce, change = {}, by = prover) {
      const path = '/session/refresh';
      const sent = by.prove({ method: 'POST', path, at: now(), nonce }, change);
      return host.send(path, { method: 'POST', headers: [carried, ['DPoP', sent]] });
    },
    async nonce() {
      return (await client.call('/me')).headers['dpop-nonce'];
    },
  };
  return client;
}
