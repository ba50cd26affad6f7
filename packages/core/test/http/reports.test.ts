import { describe, expect, it } from 'vitest';
import { InvalidDataError } from '../../src/errors.js';
import { bodyOf, type Sent, serve } from './open.js';

const sameOrigin = { method: 'POST', path: '/login', host: 'api.example.com:8443' } as const;

/** An engine's logger that keeps warnings and errors. */
function listen() {
  const lines: (readonly [level: string, fields: object, message: string])[] = [];
  const keep = (level: string) => (fields: object, message: string) =>
    void lines.push([level, fields, message]);
  const logger = { debug() {}, info() {}, warn: keep('warn'), error: keep('error') };
  return { lines, logger };
}

describe('a refusal', () => {
  it('the refusal of a request of another site is logged once, with the compared values', async () => {
    const { lines, logger } = listen();
    const { send } = serve({}, { logger });
    const headers = { origin: 'https://api.example.com', 'sec-fetch-site': 'same-site' };
    const sent = { ...sameOrigin, path: '/session/refresh', headers };
    expect((await send(sent)).reply?.status).toBe(403);
    expect(lines).toEqual([
      [
        'warn',
        {
          origin: 'https://api.example.com',
          site: 'same-site',
          scheme: 'https',
          host: 'api.example.com:8443',
        },
        expect.stringContaining('csrf.origins'),
      ],
    ]);
  });

  it('the refusal by a check of origins that throws is logged with the error [csrf.function]', async () => {
    const { lines, logger } = listen();
    const error = new Error('no list of tenants');
    const origins = () => {
      throw error;
    };
    const { send } = serve({ csrf: { origins } }, { logger });
    const headers = { origin: 'https://a.example', 'sec-fetch-site': 'cross-site' };
    const sent = { ...sameOrigin, path: '/session/refresh', headers };
    await expect(send(sent)).rejects.toBe(error);
    expect(lines).toMatchObject([
      ['error', { error: { message: error.message } }, expect.stringContaining('origins')],
    ]);
  });

  it('a public response that depends on the session cookie is logged once [cookie.caching]', async () => {
    const { lines, logger } = listen();
    const { open, sessions } = serve({ transport: 'cookie' }, { logger });
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    const headers = { cookie: `__Host-sess=${refreshToken}` };
    const { request, handle, chosen } = open({ headers });
    await handle();
    expect(request.session?.subject).toBe('ada');
    expect(chosen).toHaveLength(1);
    expect(chosen[0]?.('private')).toBe('private');
    for (const _ of [1, 2]) expect(chosen[0]?.('public')).toBe('private, no-cache');
    expect(lines).toEqual([['warn', {}, expect.stringContaining('Cache-Control')]]);
  });

  it('the refusal of data is logged with the paths, and without the values', async () => {
    const { lines, logger } = listen();
    const data = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: () => ({
          issues: ['email', 'name'].map((name) => ({ message: 'got "my secret"', path: [name] })),
        }),
      },
    };
    const { open } = serve({}, { logger, data: data as never });
    const error = await open({ method: 'POST' })
      .request.start({ subject: 'ada', data: { email: 'my secret' } })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'invalid_data' });
    expect(lines).toEqual([
      ['warn', { code: 'invalid_data', paths: 'email, name' }, expect.any(String)],
    ]);
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  it('the refusal of data that is too large is logged', async () => {
    const { lines, logger } = listen();
    const { request } = serve({}, { logger, maxDataLength: 64 }).open({ method: 'POST' });
    const data = { note: 'x'.repeat(64) };
    await expect(request.start({ subject: 'ada', data })).rejects.toMatchObject({
      code: 'data_too_large',
    });
    expect(lines).toEqual([['warn', { code: 'data_too_large', paths: '' }, expect.any(String)]]);
  });

  it('a sign-in that is refused for another reason than its data is not logged as refused data', async () => {
    const { lines, logger } = listen();
    const served = serve({}, { logger, maxPerSubject: 1, onLimit: 'reject' });
    await served.sessions.create({ subject: 'ada' });
    const { request } = served.open({ method: 'POST' });
    await expect(request.start({ subject: 'ada' })).rejects.toMatchObject({
      code: 'session_limit_reached',
    });
    expect(lines).toEqual([]);
  });

  it.each([
    [42, 'a number. Write String(…).'],
    [42n, 'a bigint.'],
    [undefined, 'undefined.'],
    [null, 'null.'],
    [{ id: 'secret' }, 'an object.'],
  ])('the subject %s is an error of the program, and is logged', async (subject, got) => {
    const { lines, logger } = listen();
    const { open } = serve({}, { logger });
    const { request } = open({ method: 'POST' });
    await expect(request.start({ subject: subject as never })).rejects.toMatchObject({
      code: 'invalid_argument',
      status: 500,
    });
    expect(lines).toEqual([['error', {}, `start: expected subject to be a string, got ${got}`]]);
  });
});

describe('a Secure cookie over plain HTTP', () => {
  const warnings = async (sent: Sent, cookie = {}) => {
    const { lines, logger } = listen();
    const { open } = serve({ cookie }, { logger });
    for (const user of ['ada', 'bob']) await open(sent).request.start({ subject: user });
    return lines;
  };

  it('the first Secure cookie over plain HTTP is warned about, with the host', async () => {
    const lines = await warnings({ method: 'POST', protocol: 'http', host: '192.168.0.7:3000' });
    expect(lines).toEqual([
      ['warn', { scheme: 'http', host: '192.168.0.7:3000' }, expect.stringContaining('Secure')],
    ]);
  });

  it.each(['localhost:3000', 'app.localhost', '127.0.0.1:80', '[::1]:3000'])(
    'no warning is logged on the loopback host %s, where browsers accept the cookie',
    async (host) => {
      expect(await warnings({ method: 'POST', protocol: 'http', host })).toEqual([]);
    },
  );

  it('the warning has an empty host if the request has none', async () => {
    const lines = await warnings({ method: 'POST', protocol: 'http', host: undefined });
    expect(lines).toEqual([['warn', { scheme: 'http', host: '' }, expect.any(String)]]);
  });

  it('no warning is logged over HTTPS, or for a cookie without Secure', async () => {
    expect(await warnings({ method: 'POST', protocol: 'https', host: 'a.example' })).toEqual([]);
    const plain = { secure: false };
    expect(await warnings({ method: 'POST', protocol: 'http', host: 'a.example' }, plain)).toEqual(
      [],
    );
  });
});

describe('a stored session that does not fit the settings', () => {
  it.each(['invalid_data', 'data_too_large'] as const)(
    'a session route responds to %s with a 500 and logs the error, because the request has no data',
    async (code) => {
      const { lines, logger } = listen();
      const first = serve();
      const { refreshToken } = await first.sessions.create({ subject: 'ada' });
      const error = new InvalidDataError('a claim is missing', { code });
      const failing = { ...first.sessions, logger, refresh: () => Promise.reject(error) };
      const { send } = serve({}, {}, () => failing);
      const headers = { cookie: `__Host-sess=${refreshToken}` };
      const { reply } = await send({ method: 'POST', path: '/session/refresh', headers });
      expect(bodyOf(reply)).toMatchObject({ status: 500, code: 'session_unusable' });
      expect(lines).toEqual([['error', { error }, expect.any(String)]]);
    },
  );
});
