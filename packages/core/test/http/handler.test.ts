import { describe, expect, it } from 'vitest';
import { exchangeOf } from './exchange-of.js';
import { serve } from './open.js';

describe('createRequest', () => {
  it('createRequest accepts what an earlier middleware of the same engine attached', () => {
    const { http, open } = serve();
    const { request } = open({});
    expect(() => http.createRequest(exchangeOf({}), request)).not.toThrow();
  });

  it.each([undefined, null, {}, 'a value'])(
    'createRequest accepts %j, which another middleware may have attached',
    (previous) => {
      expect(() => serve().http.createRequest(exchangeOf({}), previous)).not.toThrow();
    },
  );

  it('createRequest refuses the request of another engine, whose users the guard would let pass', () => {
    const { request } = serve().open({});
    expect(() => serve().http.createRequest(exchangeOf({}), request)).toThrow(
      expect.objectContaining({ name: 'UsageError', code: 'middleware_conflict' }),
    );
  });
});
