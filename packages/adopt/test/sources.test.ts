import { createHmac, hkdfSync } from 'node:crypto';
import { createRequire } from 'node:module';
import { encode } from '@auth/core/jwt';
import { type AdoptSource, cookieSession, type OldRequest, refreshTable } from '@sess/adopt';
import { ironSession } from '@sess/adopt/iron-session';
import { nextAuth } from '@sess/adopt/next-auth';
import { sealData } from 'iron-session';
import { EncryptJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { listen } from './applications.js';
import { ask, createJar } from './jar.js';

const require = createRequire(import.meta.url);
const PASSWORD = 'a password of at least thirty-two characters';

/** A request with given cookies, and perhaps a token. */
function requestWith(cookies: Readonly<Record<string, string>>, token?: string): OldRequest {
  const cookie = (name: string): string | undefined => cookies[name];
  return {
    cookie,
    chunkedCookie: (name) =>
      cookie(name) ??
      ([0, 1, 2].map((index) => cookie(`${name}.${index}`) ?? '').join('') || undefined),
    token,
  };
}

/** Returns what a source finds in a request. */
async function find<Old>(source: AdoptSource<Old>, request: OldRequest) {
  const credential = source.read(request);
  return credential === undefined ? undefined : source.load(credential);
}

describe('ironSession', () => {
  const source = ironSession({ password: { 2: `${PASSWORD} 2`, 1: PASSWORD }, cookieName: 'app' });

  it('reads what iron-session has sealed, with its end', async () => {
    const before = Date.now();
    const app = await sealData({ userId: 'ada' }, { password: PASSWORD, ttl: 3_600 });
    const found = await find(source, requestWith({ app }));
    expect(found?.data).toEqual({ userId: 'ada' });
    expect(found?.expiresAt).toBeGreaterThanOrEqual(before + 3_600_000);
    expect(found?.expiresAt).toBeLessThanOrEqual(Date.now() + 3_600_000);
  });

  it('reads a seal in chunks, of a newer password, and without an end', async () => {
    const password = { 2: `${PASSWORD} 2` };
    const seal = await sealData({ userId: 'ada' }, { password, ttl: 0 });
    const chunks = { 'app.0': seal.slice(0, 100), 'app.1': seal.slice(100) };
    expect(await find(source, requestWith(chunks))).toEqual({ data: { userId: 'ada' } });
  });

  it('finds nothing in a seal of another password, a changed one, and other text', async () => {
    const foreign = await sealData({ userId: 'eve' }, { password: `${PASSWORD} 3` });
    const seal = await sealData({ userId: 'ada' }, { password: PASSWORD });
    const changed = seal.replace(/\*\d{13}\*/, `*${Date.now() + 10 ** 12}*`);
    for (const app of [foreign, changed, seal.slice(0, -9), 'Fe26.2', '*'.repeat(5_000), '']) {
      expect(await find(source, requestWith({ app }))).toBeUndefined();
    }
  });
});

describe('nextAuth', () => {
  const secret = 'the secret of Auth.js';
  const source = nextAuth({ secret: ['a newer secret', secret] });

  it.each(['authjs.session-token', '__Secure-authjs.session-token'])(
    'reads the cookie %s of Auth.js 5, with its end',
    async (name) => {
      const value = await encode({ token: { sub: 'ada' }, secret, salt: name, maxAge: 60 });
      const found = await find(source, requestWith({ [name]: value }));
      expect(found?.data).toMatchObject({ sub: 'ada' });
      expect(found?.expiresAt).toBe(Number(found?.data['exp']) * 1_000);
    },
  );

  it('reads the cookie of next-auth 4, also in chunks', async () => {
    const key = hkdfSync('sha256', secret, '', 'NextAuth.js Generated Encryption Key', 32);
    const value = await new EncryptJWT({ sub: 'ada' })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setIssuedAt()
      .setExpirationTime('1h')
      .encrypt(new Uint8Array(key));
    const name = '__Secure-next-auth.session-token';
    const whole = await find(source, requestWith({ [name]: value }));
    expect(whole?.data).toMatchObject({ sub: 'ada' });
    const chunks = { [`${name}.0`]: value.slice(0, 50), [`${name}.1`]: value.slice(50) };
    expect(await find(source, requestWith(chunks))).toEqual(whole);
  });

  it('finds nothing in a token of another secret or cookie, an expired one, and other text', async () => {
    const name = 'authjs.session-token';
    const make = (how: { secret?: string; salt?: string; maxAge?: number }) =>
      encode({ token: { sub: 'eve' }, secret, salt: name, maxAge: 60, ...how });
    const values = await Promise.all([
      make({ secret: 'another' }),
      make({ salt: 'other' }),
      make({ maxAge: -3_600 }),
    ]);
    for (const value of [...values, 'a..b.c.d', 'a.b.c', '.'.repeat(5_000)]) {
      expect(await find(source, requestWith({ [name]: value }))).toBeUndefined();
    }
  });
});

describe('cookieSession', () => {
  const keys = ['a newer key', 'the key'];
  const source = cookieSession({ keys });
  const value = Buffer.from(JSON.stringify({ userId: 'ada' })).toString('base64');
  const signedBy = (key: string, text = `session=${value}`): string =>
    createHmac('sha1', key).update(text).digest('base64url');

  it('reads what cookie-session has written', async () => {
    const write = require('cookie-session') as (
      options: object,
    ) => (req: object, res: object, next: () => void) => void;
    const url = await listen((req, res) => {
      const next = (): void => {
        Object.assign((req as unknown as { session: object }).session, { userId: 'ada' });
        res.end();
      };
      write({ keys })(req, res, next);
    });
    const jar = createJar();
    await ask(jar, url);
    const request = requestWith(Object.fromEntries(jar.cookies));
    expect(await find(source, request)).toEqual({ data: { userId: 'ada' } });
  });

  it.each(keys)('reads a cookie that was signed with %s', async (key) => {
    const request = requestWith({ session: value, 'session.sig': signedBy(key) });
    expect(await find(source, request)).toEqual({ data: { userId: 'ada' } });
  });

  it('finds nothing in a cookie that is not signed, or was signed for another value', () => {
    expect(source.read(requestWith({ session: value }))).toBeUndefined();
    for (const signature of [signedBy('other'), signedBy('the key', 'session=x'), '', 'é']) {
      const request = requestWith({ session: value, 'session.sig': signature });
      expect(source.read(request)).toBeUndefined();
    }
  });
});

describe('refreshTable', () => {
  it('looks up the token of the cookie, and without one that of the header or the body', async () => {
    const find = async (token: string) => ({ data: token });
    const source = refreshTable({ cookieName: 'rt', find });
    expect(source.read(requestWith({ rt: 'a' }, 'b'))).toBe('a');
    expect(source.read(requestWith({}, 'b'))).toBe('b');
    expect(source.read(requestWith({}))).toBeUndefined();
    expect(source.read(requestWith({ rt: 'a'.repeat(5_000) }))).toBeUndefined();
    expect(refreshTable({ find }).read(requestWith({ rt: 'a' }))).toBeUndefined();
  });
});
