import { type KeyStore, openKeyStore } from './key-store.js';
import type { ClientProof } from './types.js';

export type { KeyStore } from './key-store.js';

/** Options of `dpopKey`. */
export interface DpopKeyOptions {
  /** Where the key is kept. Default: IndexedDB of the origin, from where no script can copy it. */
  readonly store?: KeyStore;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' };
/** A difference of the clocks that is worth another attempt. Milliseconds. */
const MIN_SKEW_MS = 2_000;

/**
 * Creates the option `proof` of a client: it proves a key with each request to the API (RFC 9449), so that tokens which the
 * server has bound to it are worthless elsewhere. The key is made at the first request, and signs without being readable.
 */
export function dpopKey({ store = openKeyStore() }: DpopKeyOptions = {}): ClientProof {
  let opening: Promise<ProvenKey> | undefined;
  const open = (): Promise<ProvenKey> => {
    opening ??= openKey(store).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };

  return ({ fetch, now, origins }) => {
    const nonces = new Map<string, string>();
    /** Tokens that the server has not bound. */
    const plain = new Set<string>();
    let skew = 0;

    return async (input, init) => {
      const request = input instanceof Request ? input : undefined;
      const { origin, pathname } = new URL(request?.url ?? (input as string | URL));
      const method = init?.method ?? request?.method ?? 'GET';
      const given = new Headers(init?.headers ?? request?.headers);
      if (!origins.has(origin)) return fetch(input, init);
      const token = /^Bearer (.+)/.exec(given.get('Authorization') ?? '')?.[1];
      // A body can be read once.
      const copy = request?.clone() ?? input;

      async function send(target: typeof input): Promise<Response> {
        const headers = new Headers(given);
        if (token === undefined || !plain.has(token)) {
          if (token !== undefined) headers.set('Authorization', `DPoP ${token}`);
          const claims = {
            jti: crypto.randomUUID(),
            htm: method,
            htu: origin + pathname,
            iat: Math.floor((now() + skew) / 1_000),
            ath: token && encode(await crypto.subtle.digest('SHA-256', toBytes(token))),
            nonce: nonces.get(origin),
          };
          headers.set('DPoP', await sign(await open(), claims));
        }
        const response = await fetch(target, { ...init, headers });
        const nonce = response.headers.get('DPoP-Nonce');
        if (nonce !== null) nonces.set(origin, nonce);
        return response;
      }

      /** Returns true if the same request can succeed now. */
      async function mayRepeat(response: Response): Promise<boolean> {
        const { status, headers } = response;
        if (status !== 400 && status !== 401) return false;
        const error = await readError(response);
        if (error === 'use_dpop_nonce') return true;
        if (error === 'invalid_dpop_proof') {
          const difference = Date.parse(headers.get('Date') ?? '') - now() - skew;
          skew += difference > MIN_SKEW_MS || difference < -MIN_SKEW_MS ? difference : 0;
          return Math.abs(difference) > MIN_SKEW_MS;
        }
        // The token is not bound, or has expired: a bearer token is refused in the way that the client knows.
        if (status === 400 || token === undefined || plain.has(token)) return false;
        plain.add(token);
        return true;
      }

      const response = await send(input);
      return !(init?.body instanceof ReadableStream) && (await mayRepeat(response))
        ? send(copy)
        : response;
    };
  };
}

/** Returns the code of a refusal. APIs on other origins have to expose the header, and seldom do. */
async function readError(response: Response): Promise<string | undefined> {
  const challenge = response.headers.get('WWW-Authenticate') ?? '';
  const named = /DPoP error="(\w+)"/.exec(challenge)?.[1];
  if (named !== undefined) return named;
  const body = (await response
    .clone()
    .json()
    // A body of another kind, as of a gateway.
    .catch(() => undefined)) as { readonly error?: string; readonly code?: string } | undefined;
  return body?.error ?? body?.code;
}

interface ProvenKey {
  readonly privateKey: CryptoKey;
  /** The public key, as headers of proofs have it. */
  readonly jwk: JsonWebKey;
}

async function openKey(store: KeyStore): Promise<ProvenKey> {
  const pair =
    (await store.load()) ??
    (await store.save(await crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify'])));
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  return { privateKey: pair.privateKey, jwk: { kty, crv, x, y } as JsonWebKey };
}

async function sign({ privateKey, jwk }: ProvenKey, claims: object): Promise<string> {
  const parts = [{ typ: 'dpop+jwt', alg: 'ES256', jwk }, claims];
  const text = parts.map((part) => encode(toBytes(JSON.stringify(part)))).join('.');
  return `${text}.${encode(await crypto.subtle.sign(SIGNATURE, privateKey, toBytes(text)))}`;
}

function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Base64url without padding (RFC 4648, section 5). */
function encode(bytes: ArrayBuffer | Uint8Array): string {
  const text = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(text).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
}
