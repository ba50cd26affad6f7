import type { Sessions } from '@sess/core';
import { describe, expect, it } from 'vitest';
import { readRefreshToken } from '../../src/http/refresh-token.js';
import { RequestOperations } from '../../src/http/request-operations.js';
import { type Sent, serve } from './open.js';

type Transport = 'cookie' | 'body' | 'bearer';

/** Reads the refresh token of a request. The transport is `bearer` with a stateless engine. */
function read(transport: Transport, sent: Sent) {
  const options = transport === 'body' ? { refreshTransport: transport } : {};
  const kind = transport === 'bearer' ? 'stateless' : 'stored';
  const served = serve(options, {}, (): Sessions => ({ ...served.sessions, kind }));
  const { request } = served.open({ method: 'POST', ...sent });
  return readRefreshToken(RequestOperations.requestOf(request));
}

const PLACES: Readonly<Record<Transport, Sent>> = {
  cookie: { headers: { cookie: '__Host-sess=of-cookie' } },
  body: { body: { refresh_token: 'of-body' } },
  bearer: { bearer: 'of-bearer' },
};

describe('readRefreshToken', () => {
  it.each(['cookie', 'body', 'bearer'] as const)(
    'readRefreshToken takes the token from the %s with that transport, and from nowhere else',
    async (transport) => {
      const { [transport]: own, ...others } = PLACES;
      const elsewhere: Sent = Object.assign({}, ...Object.values(others));
      const found = { kind: 'value', value: `of-${transport}` };
      expect(await read(transport, { ...elsewhere, ...own })).toEqual(found);
      expect(await read(transport, elsewhere)).toEqual({ kind: 'none' });
    },
  );

  it('readRefreshToken refuses a cookie that a page of another site sends, and a malformed bearer token', async () => {
    const headers = { ...PLACES.cookie.headers, 'sec-fetch-site': 'cross-site' };
    expect(await read('cookie', { headers })).toMatchObject({
      kind: 'refused',
      code: 'cross_site_request',
    });
    expect(await read('bearer', { bearer: 'two tokens' })).toMatchObject({
      kind: 'refused',
      code: 'invalid_request',
    });
  });
});
