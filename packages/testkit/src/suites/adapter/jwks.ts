import { describe, expect, it } from 'vitest';
import { json, type Target, useHost } from './host.js';

const PATH = '/.well-known/jwks.json';
const PROBLEM = 'application/problem+json';
const PUBLISHED = { protocol: { jwks: true } } as const;

/** The public keys, where there are some (RFC 7517, section 5). */
export function describeJwks(target: Target): void {
  describe(`GET ${PATH}`, () => {
    it('is a 404 where the keys are secrets, or there are none', async () => {
      const host = await useHost(target, PUBLISHED);
      const answer = await host.send(PATH);
      expect(answer.status).toBe(404);
      expect(answer.headers['content-type']).toBe(PROBLEM);
      expect(json(answer)).toMatchObject({
        code: 'not_found',
        detail: expect.stringContaining('keys') as string,
      });
    });

    it.each(['POST', 'PUT', 'DELETE'])('is not to be asked by %s', async (method) => {
      const host = await useHost(target, { ...PUBLISHED, keys: 'pair' });
      const answer = await host.send(PATH, { method });
      expect(answer.status).toBe(405);
      expect(answer.headers['allow']).toBe('GET, HEAD');
      expect(json(answer)).toMatchObject({ code: 'method_not_allowed' });
    });

    it("is the application's own path unless it was asked for", async () => {
      const host = await useHost(target, { keys: 'pair' });
      const answer = await host.send(PATH);
      expect(answer.status).toBe(404);
      expect(answer.headers['content-type']).not.toBe(PROBLEM);
    });

    // Opaque tokens have no keys to publish.
    if (target.mode === 'opaque') return;

    it('shows everyone the public half of a key pair, and nothing of the other', async () => {
      const host = await useHost(target, { ...PUBLISHED, keys: 'pair' });
      const answer = await host.send(PATH);
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe('application/jwk-set+json');
      expect(answer.headers['cache-control']).toMatch(/^public, max-age=\d+/);
      expect(answer.setCookies).toEqual([]);
      const { keys } = json(answer) as { readonly keys: readonly Record<string, unknown>[] };
      expect(keys).toEqual([
        expect.objectContaining({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' }),
      ]);
      expect(Object.keys(keys[0] ?? {}).sort()).toEqual(
        ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'].sort(),
      );
      expect(host.calls()).toEqual({});
    });

    it('the key set responds to HEAD as to GET, without the body', async () => {
      const host = await useHost(target, { ...PUBLISHED, keys: 'pair' });
      const get = await host.send(PATH);
      const head = await host.send(PATH, { method: 'HEAD' });
      expect(head.status).toBe(200);
      expect(head.text).toBe('');
      for (const name of ['content-type', 'cache-control', 'content-length'])
        expect(head.headers[name]).toBe(get.headers[name]);
    });

    it('the key set has the key that the tokens name, and these tokens are valid', async () => {
      const host = await useHost(target, { ...PUBLISHED, keys: 'pair' });
      const { token } = await host.login();
      const header = JSON.parse(
        Buffer.from(token.split('.')[0] ?? '', 'base64url').toString(),
      ) as Record<string, unknown>;
      const { keys } = json(await host.send(PATH)) as { readonly keys: readonly object[] };
      expect(keys).toMatchObject([{ kid: header['kid'] }]);
      const headers = [['Authorization', `Bearer ${token}`]] as const;
      expect((await host.send('/me', { headers })).status).toBe(200);
    });
  });
}
