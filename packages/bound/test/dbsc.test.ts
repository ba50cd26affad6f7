import { createSessions, memoryStore } from '@sess/core';
import { createSessionHttp, type HttpOptions } from '@sess/core/http';
import { createRefreshCookie } from '@sess/core/internal';
import { describe, expect, it } from 'vitest';
import { dbsc } from '../src/index.js';

const open = (options: HttpOptions) =>
  createSessionHttp(() => createSessions(), { transport: 'cookie', bound: dbsc(), ...options });

describe('the option bound: dbsc()', () => {
  it.each([
    ['a life under five minutes', { boundTtl: '4m' }, /boundTtl: expected.*5m/],
    ['a life over a day', { boundTtl: '2d' }, /boundTtl/],
    ['a misspelt option', { ttl: '10m' }, /ttl/],
  ])('refuses %s when it is created', (_what, options, message) => {
    expect(() => dbsc(options as object)).toThrow(message);
  });

  it.each([
    ['a bearer transport', { transport: 'bearer' }, /transport: expected 'cookie' or 'both'/],
    ['partitioned cookies', { cookie: { partitioned: true } }, /cookie\.partitioned/],
    ['cookies for plain HTTP', { cookie: { secure: false } }, /cookie\.secure/],
    ['cookies of the browser session', { cookie: { persistent: false } }, /cookie\.persistent/],
  ] as const)('refuses %s when the middleware is created', (_what, options, message) => {
    expect(() => open(options)).toThrow(message);
  });

  it('is refused for a stateless engine, which keeps no key', () => {
    const settings = {
      transport: 'cookie',
      basePath: '/session',
      cookie: createRefreshCookie(),
    } as const;
    expect(() => dbsc().open(settings, {}, class {} as never)).toThrow(
      /bound: expected an engine with a store/,
    );
  });

  it('mounts the route of proofs with every choice of routes', () => {
    for (const routes of ['default', 'all', 'none'] as const) {
      const paths = open({ routes, basePath: '/auth' }).routes.map(({ path }) => path);
      expect(paths).toContain('/auth/bind');
    }
  });

  it('has no route without the option', () => {
    const { routes } = createSessionHttp(() => createSessions({ store: memoryStore() }));
    expect(routes.map(({ path }) => path)).not.toContain('/session/bind');
  });
});
