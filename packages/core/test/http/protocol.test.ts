import { describe, expect, it } from 'vitest';
import { type HttpOptions, resolveProtocol } from '../../src/http/protocol.js';
import { createSessionHttp } from '../../src/http/session-http.js';
import { refusalOf } from '../refusal.js';
import { exchangeOf } from './exchange-of.js';

const refusal = (options: unknown) => refusalOf(() => resolveProtocol(options as HttpOptions));

describe('resolveProtocol', () => {
  it('has safe defaults', () => {
    const protocol = resolveProtocol();
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
    const protocol = resolveProtocol({
      cookie: { name: 'login', secure: false },
      csrf: { allowSameSite: true },
    });
    expect(protocol.cookie?.name).toBe('login');
    expect(
      protocol.isAllowedSource(exchangeOf({ headers: { 'sec-fetch-site': 'same-site' } })),
    ).toBe(true);
  });

  it('has no cookie where the refresh token travels in the body', () => {
    expect(resolveProtocol({ refreshTransport: 'body' }).cookie).toBeUndefined();
    expect(resolveProtocol({ refreshTransport: 'cookie' }).cookie).toBeDefined();
  });

  it.each(['/session', '/api/v1/session', '/auth', '/a-b_c.d~e/0'])(
    'takes the base path %s',
    (basePath) => {
      expect(resolveProtocol({ basePath }).basePath).toBe(basePath);
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
      `basePath: ${JSON.stringify(basePath)} will not do. Write a path like '/session'`,
    );
  });

  it('refuses a base path in a list', () => {
    const refused = refusal({ basePath: ['/session'] });
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain('basePath: an array will not do.');
  });

  it.each([
    [{ routes: 'every' }, "routes: \"every\" will not do. Write 'default' or 'all' or 'none'"],
    [{ routes: true }, "routes: true will not do. Write 'default' or 'all' or 'none'"],
    [
      { refreshTransport: 'header' },
      "refreshTransport: \"header\" will not do. Write 'cookie' or 'body'",
    ],
    [
      { onStoreError: 'ignore' },
      "onStoreError: \"ignore\" will not do. Write 'fail' or 'anonymous'",
    ],
    [
      { basepath: '/x' },
      "sessionMiddleware: there is no option 'basepath'. Known are: basePath, routes, cookie, csrf, refreshTransport, onStoreError, jwks.",
    ],
    [{ jwks: 'true' }, 'jwks: write true or false.'],
    [{ jwks: null }, 'jwks: write true or false.'],
    [{ accessTtl: '5m' }, "sessionMiddleware: there is no option 'accessTtl'."],
    [{ cookie: { path: '/\r\n' } }, 'cookie.path: "/\\r\\n" will not do.'],
    [{ cookie: { sameSite: 'none', secure: false } }, "Write 'lax', or leave secure on"],
    [{ cookie: { samesite: 'lax' } }, "cookie: there is no option 'samesite'."],
    [
      { csrf: { origins: ['https://app.example.com/login'] } },
      'csrf.origins: "https://app.example.com/login" is not an origin. Write ',
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
