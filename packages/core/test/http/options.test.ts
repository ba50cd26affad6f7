import { describe, expect, it } from 'vitest';
import { createSessionHttp } from '../../src/http/handler.js';
import { type HttpOptions, readHttpOptions } from '../../src/http/options.js';
import { refusalOf } from '../refusal.js';
import { exchangeOf } from './exchange-of.js';

const refusal = (options: unknown) => refusalOf(() => readHttpOptions(options as HttpOptions));

describe('readHttpOptions', () => {
  it('has safe defaults', () => {
    const protocol = readHttpOptions();
    expect(protocol).toMatchObject({
      basePath: '/session',
      routes: 'default',
      onStoreError: 'fail',
    });
    expect(protocol.cookie?.name).toBe('__Host-sess');
    expect(
      protocol.isAllowedSource(exchangeOf({ headers: { 'sec-fetch-site': 'cross-site' } })),
    ).toBe(false);
    expect(Object.isFrozen(protocol)).toBe(true);
  });

  it('hands the options of the cookie and of the CSRF check on', () => {
    const protocol = readHttpOptions({
      cookie: { name: 'login', secure: false },
      csrf: { allowSameSite: true },
    });
    expect(protocol.cookie?.name).toBe('login');
    expect(
      protocol.isAllowedSource(exchangeOf({ headers: { 'sec-fetch-site': 'same-site' } })),
    ).toBe(true);
  });

  it('has no cookie where the refresh token travels in the body', () => {
    expect(readHttpOptions({ refreshTransport: 'body' }).cookie).toBeUndefined();
    expect(readHttpOptions({ refreshTransport: 'cookie' }).cookie).toBeDefined();
  });

  it.each(['/session', '/api/v1/session', '/auth', '/a-b_c.d~e/0'])(
    'takes the base path %s',
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
  ])('refuses the base path %j and says what to write', (basePath) => {
    const refused = refusal({ basePath });
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain(
      `basePath: expected a path such as '/session', got ${JSON.stringify(basePath)}.`,
    );
  });

  it('refuses a base path in a list', () => {
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
      "sessionMiddleware: there is no option 'basepath'. Known are: basePath, routes, cookie, csrf, refreshTransport, onStoreError, jwks.",
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
    [null, 'sessionMiddleware: expected an object of options, got null.'],
  ])('refuses %o and says what to write', (options, message) => {
    const refused = refusal(options);
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain(message);
  });

  it('checks the cookie’s options even where no cookie is used: a mistake does not wait', () => {
    expect(refusal({ refreshTransport: 'body', cookie: { sameSite: 'Lax' } }).message).toContain(
      'cookie.sameSite',
    );
  });
});

describe('createSessionHttp', () => {
  it('refuses wrong options at once, and asks for the engine only at the first request', () => {
    const engine = () => expect.unreachable('nobody has asked anything yet') as never;
    expect(() => createSessionHttp(engine)).not.toThrow();
    expect(refusalOf(() => createSessionHttp(engine, { basePath: 'session' })).code).toBe(
      'invalid_option',
    );
  });
});
