import { describe, expect, it } from 'vitest';
import type { Sessions } from '../../src/engine.js';
import { createSessionHttp } from '../../src/http/handler.js';
import { bindHttpOptions, type HttpOptions, readHttpOptions } from '../../src/http/options.js';
import { refusalOf } from '../refusal.js';
import { exchangeOf } from './exchange-of.js';

const refusal = (options: unknown) => refusalOf(() => readHttpOptions(options as HttpOptions));

describe('readHttpOptions', () => {
  it('readHttpOptions has safe defaults', () => {
    const protocol = readHttpOptions();
    expect(protocol).toMatchObject({
      basePath: '/session',
      routes: 'default',
      onStoreError: 'fail',
      afterLogout: '/',
    });
    expect(protocol.cookie?.name).toBe('__Host-sess');
    expect(
      protocol.isAllowedSource(exchangeOf({ headers: { 'sec-fetch-site': 'cross-site' } })),
    ).toBe(false);
    expect(Object.isFrozen(protocol)).toBe(true);
  });

  it('readHttpOptions applies the options of the cookie and of the CSRF check', () => {
    const protocol = readHttpOptions({
      cookie: { name: 'login', secure: false },
      csrf: { allowSameSite: true },
    });
    expect(protocol.cookie?.name).toBe('login');
    expect(
      protocol.isAllowedSource(exchangeOf({ headers: { 'sec-fetch-site': 'same-site' } })),
    ).toBe(true);
  });

  it('readHttpOptions has no cookie if the refresh token travels in the body', () => {
    expect(readHttpOptions({ refreshTransport: 'body' }).cookie).toBeUndefined();
    expect(readHttpOptions({ refreshTransport: 'cookie' }).cookie).toBeDefined();
  });

  it.each(['/session', '/api/v1/session', '/auth', '/a-b_c.d~e/0'])(
    'readHttpOptions accepts the base path %s',
    (basePath) => {
      expect(readHttpOptions({ basePath }).basePath).toBe(basePath);
    },
  );

  it.each([
    '',
    '/',
    'session',
    '/session/',
    '//session',
    '/a//b',
    '/:sid',
    '/a b',
    '/a?b',
    '/a#b',
    '/a%2Fb',
    '/a\r\n',
    '/*',
    '/é',
    null,
    7,
  ])('readHttpOptions refuses the base path %j with the repair in the message', (basePath) => {
    const refused = refusal({ basePath });
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain(
      `basePath: expected a path such as '/session', got ${JSON.stringify(basePath)}.`,
    );
  });

  it('readHttpOptions refuses a base path in an array', () => {
    const refused = refusal({ basePath: ['/session'] });
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain('got an array.');
  });

  it.each([
    [{ routes: 'every' }, 'routes: expected "default" or "all" or "none", got "every".'],
    [{ routes: true }, 'routes: expected "default" or "all" or "none", got true.'],
    [
      { refreshTransport: 'header' },
      'refreshTransport: expected "cookie" or "body", got "header".',
    ],
    [{ onStoreError: 'ignore' }, 'onStoreError: expected "fail" or "anonymous", got "ignore".'],
    [
      { basepath: '/x' },
      "sessionMiddleware: there is no option 'basepath'. Known are: basePath, routes, transport, afterLogout, cookie, csrf, refreshTransport, onStoreError, adopt, bound, jwks.",
    ],
    [{ jwks: 'true' }, 'jwks: expected false or true, got "true".'],
    [{ jwks: null }, 'jwks: expected false or true, got null.'],
    [{ accessTtl: '5m' }, "sessionMiddleware: there is no option 'accessTtl'."],
    [{ cookie: { path: '/\r\n' } }, 'control character, got "/\\r\\n".'],
    [
      { cookie: { sameSite: 'none', secure: false } },
      "cookie.sameSite: expected 'lax' or 'strict' without secure",
    ],
    [{ cookie: { samesite: 'lax' } }, "cookie: there is no option 'samesite'."],
    [
      { csrf: { origins: ['https://app.example.com/login'] } },
      'got "https://app.example.com/login". Write scheme, host and port',
    ],
    [{ csrf: { origin: 'x' } }, "csrf: there is no option 'origin'."],
    [{ afterLogout: '//evil.example' }, "afterLogout: expected a path on this site such as '/'"],
    [
      { transport: 'cookie', refreshTransport: 'body' },
      "transport: expected 'bearer' with refreshTransport: 'body', got \"cookie\". Without a refresh cookie",
    ],
    [
      { transport: 'both', refreshTransport: 'body' },
      "transport: expected 'bearer' with refreshTransport: 'body', got \"both\".",
    ],
    [null, 'sessionMiddleware: expected an object of options, got null.'],
  ])('readHttpOptions refuses %o with the repair in the message', (options, message) => {
    const refused = refusal(options);
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain(message);
  });

  it('readHttpOptions validates the cookie options also if no cookie is used', () => {
    expect(refusal({ refreshTransport: 'body', cookie: { sameSite: 'Lax' } }).message).toContain(
      'cookie.sameSite',
    );
  });
});

describe('bindHttpOptions', () => {
  const stateless = { kind: 'stateless' } as Sessions;

  it.each(['cookie', 'both'] as const)(
    'bindHttpOptions refuses the transport %s with a stateless engine, which has no cookie',
    (transport) => {
      const refused = refusalOf(() => bindHttpOptions(readHttpOptions({ transport }), stateless));
      expect(refused.code).toBe('invalid_option');
      expect(refused.message).toContain(
        `transport: expected 'bearer' with a stateless engine, got "${transport}". A stateless engine has`,
      );
    },
  );

  it('bindHttpOptions takes the bearer token of a stateless engine for its refresh token', () => {
    const bound = bindHttpOptions(readHttpOptions(), stateless);
    expect(bound).toMatchObject({ refreshTransport: 'bearer', cookie: undefined });
  });
});

describe('createSessionHttp', () => {
  it('createSessionHttp validates its options immediately, and reads the engine at the first request', () => {
    const engine = () => expect.unreachable('nobody has asked anything yet') as never;
    expect(() => createSessionHttp(engine)).not.toThrow();
    expect(refusalOf(() => createSessionHttp(engine, { basePath: 'session' })).code).toBe(
      'invalid_option',
    );
  });
});
