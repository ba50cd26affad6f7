import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { BoundSessions } from '@sess/core/http';
import type { WireAnswer } from '../http-client.js';
import {
  cookieHeader,
  cookiePair,
  type Header,
  type Target,
  type TestHost,
  useHost,
} from './host.js';

/** A browser that signs proofs with its key (W3C Device Bound Session Credentials). */
export interface Device {
  /** Registers the key with a cookie, as the header of a sign-in asks for. */
  register(offer: string, cookie: string, change?: ProofChange): Promise<WireAnswer>;
  /** Asks for a new cookie. Without a challenge there is no proof. */
  renew(sid: string, challenge?: string, change?: ProofChange): Promise<WireAnswer>;
}

/** What a test changes of a proof. */
export interface ProofChange {
  readonly header?: object;
  readonly claims?: object;
  /** Cuts a character off the signature. */
  readonly isCut?: boolean;
  /** Sends the headers as strings of RFC 9651. */
  readonly isQuoted?: boolean;
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function prove(
  key: KeyObject,
  { header, claims, isCut = false }: Omit<ProofChange, 'isQuoted'>,
): string {
  const text = `${encode({ typ: 'dbsc+jwt', alg: 'ES256', ...header })}.${encode({ ...claims })}`;
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${(isCut ? signature.subarray(1) : signature).toString('base64url')}`;
}

/** Creates a device that talks to a host. */
export function createDevice(host: TestHost): Device {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = pair.publicKey.export({ format: 'jwk' });
  const post = (headers: readonly Header[], isQuoted = false) =>
    host.send('/session/bind', {
      method: 'POST',
      headers: headers.map(([name, value]) => [
        name,
        isQuoted && name !== 'Cookie' ? `"${value}"` : value,
      ]),
    });
  return {
    register(offer, cookie, { header, claims, isQuoted, ...change } = {}) {
      const proof = prove(pair.privateKey, {
        header: { jwk, ...header },
        claims: { jti: challengeOf(offer), ...claims },
        ...change,
      });
      return post([cookieHeader(cookie), ['Secure-Session-Response', proof]], isQuoted);
    },
    renew(sid, challenge, { isQuoted, claims, ...change } = {}) {
      const id: Header = ['Sec-Secure-Session-Id', sid];
      if (challenge === undefined) return post([id], isQuoted);
      const proof = prove(pair.privateKey, { ...change, claims: { jti: challenge, ...claims } });
      return post([id, ['Secure-Session-Response', proof]], isQuoted);
    },
  };
}

/** The challenge of an offer, or of the response to a proof. */
export function challengeOf(header: string | undefined): string {
  return (
    /challenge="([^"]+)"/.exec(header ?? '')?.[1] ?? /^"([^"]+)"/.exec(header ?? '')?.[1] ?? ''
  );
}

/** What a sign-in offers. */
export interface Offered {
  readonly offer: string;
  readonly cookie: string;
  readonly sid: string;
}

/** Signs in, and returns the offer to bind the session. */
export async function signInForDevice(host: TestHost, user = 'ada'): Promise<Offered> {
  return offeredBy(await host.send('/login', { method: 'POST', body: { user } }));
}

/** Returns the offer of a response, and the cookie that it sets. */
export function offeredBy(response: WireAnswer): Offered {
  const cookie = cookiePair(response) ?? '';
  return {
    cookie,
    sid: /srt_([\w-]{32})/.exec(cookie)?.[1] ?? '',
    offer: response.headers['secure-session-registration'] ?? '',
  };
}

/** A session that is bound, and whose cookie was presented. */
export interface BoundBrowser extends Offered {
  readonly device: Device;
  /** The cookie that the sign-in set. */
  readonly before: string;
  /** The challenge of the next proof. */
  readonly challenge: string;
}

/** Signs in, registers a key, and presents the cookie. */
export async function bindBrowser(host: TestHost, user = 'ada'): Promise<BoundBrowser> {
  const device = createDevice(host);
  const offered = await signInForDevice(host, user);
  const response = await device.register(offered.offer, offered.cookie);
  if (response.status !== 200) throw new Error(`registration returned ${response.status}`);
  const cookie = cookiePair(response) ?? '';
  await host.send('/public', { headers: [cookieHeader(cookie)] });
  await new Promise((resolve) => setImmediate(resolve));
  return {
    ...offered,
    device,
    before: offered.cookie,
    cookie,
    challenge: challengeOf(response.headers['secure-session-challenge']),
  };
}

/** Starts a host whose sessions browsers can bind. */
export type OpenBoundHost = () => Promise<TestHost>;

export function createBoundHost(target: Target, bound: BoundSessions): OpenBoundHost {
  return () => useHost(target, { protocol: { transport: 'both', bound } });
}

export function getBy(host: TestHost, path: string, cookie: string): Promise<WireAnswer> {
  return host.send(path, { headers: [cookieHeader(cookie)] });
}

/** Returns the names of the events that concern theft, as they come. */
export function events(host: TestHost): readonly string[] {
  const seen: string[] = [];
  for (const name of ['reuse', 'revoked', 'unbound-use'] as const) {
    host.sessions.on(name, () => void seen.push(name));
  }
  return seen;
}

/** The key of RFC 7515, appendix A.3. */
export const PUBLIC_JWK = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
};
export const PRIVATE_JWK: object = {
  ...PUBLIC_JWK,
  d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI',
};
