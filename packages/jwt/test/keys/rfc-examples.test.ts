import { compactVerify, importJWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { importJwk, type JwtAlgorithm } from '../../src/index.js';
import { arrangeReader } from '../arrange.js';
import { SUPPORTED, THUMBPRINTS, UNSECURED, UNSUPPORTED } from './rfc-examples.js';

/** A witness that shares no code with the package's keys: an example copied wrongly is noticed by it. */
async function joseVerifies(token: string, jwk: object, alg: string): Promise<boolean> {
  const key = await importJWK(jwk, alg);
  return compactVerify(token, key).then(
    () => true,
    () => false,
  );
}

const changed = (token: string): string =>
  token.replace(/\.([^.]{4})(.)([^.]*)$/, (_, head, one, rest) => {
    return `.${head}${one === 'A' ? 'B' : 'A'}${rest}`;
  });

describe('the examples of the RFCs', () => {
  it.each(SUPPORTED)('are verified by their key: $section, $alg', async ({ alg, jwk, token }) => {
    expect(await joseVerifies(token, jwk, alg)).toBe(true);
    const key = await importJwk(jwk, { alg: alg as JwtAlgorithm });
    expect(await key.verify(token)).toBe(true);
    expect(await joseVerifies(changed(token), jwk, alg)).toBe(false);
    expect(await key.verify(changed(token))).toBe(false);
  });

  it.each(SUPPORTED)(
    'are no access tokens, for their typ is another: $section [jwt.type]',
    async ({ alg, jwk, token }) => {
      const key = await importJwk(jwk, { alg: alg as JwtAlgorithm });
      const keys = [key];
      const { read } = arrangeReader({ current: () => keys, revoked: () => new Set() });
      expect(await read(token)).toEqual({ ok: false, reason: 'malformed' });
    },
  );

  it.each(UNSUPPORTED)(
    'RFC examples with an unsupported algorithm are refused: $section, $alg',
    async ({ alg, jwk, token }) => {
      expect(await joseVerifies(token, jwk, alg)).toBe(true);
      await expect(importJwk(jwk, { alg: alg as JwtAlgorithm })).rejects.toMatchObject({
        code: 'invalid_option',
      });
      const { read } = arrangeReader('a secret of at least thirty-two bytes');
      expect(await read(token)).toMatchObject({ ok: false });
    },
  );

  it('are refused without a signature [jwt.none]', async () => {
    const { read } = arrangeReader('a secret of at least thirty-two bytes');
    expect(await read(UNSECURED)).toEqual({ ok: false, reason: 'malformed' });
  });

  it.each(THUMBPRINTS)('name a key by its thumbprint: %s', async (_section, jwk, thumbprint) => {
    expect((await importJwk(jwk)).kid).toBe(thumbprint);
  });
});
