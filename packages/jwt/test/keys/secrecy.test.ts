import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { createKeySet, importJwk, importPem, jwt, secretKey, verifyOnly } from '../../src/index.js';
import { createKeyRing, toKeySource } from '../../src/keys/key-set.js';
import { ALL_ALGORITHMS, AUDIENCE, ISSUER, testKey } from '../arrange.js';

/** All that can be seen of something without asking it for its secret. */
function shownOf(thing: unknown): string {
  const options = { depth: 20, showHidden: true, getters: true, maxStringLength: null };
  return [
    inspect(thing, options),
    inspect(thing, { ...options, customInspect: false }),
    JSON.stringify(thing),
    String(thing),
    thing instanceof Error
      ? `${thing.stack} ${thing.message} ${inspect(thing.cause, options)}`
      : '',
  ].join('\n');
}

/** The private members of a key. */
const secretsOf = ({ k, d, p, q, dp, dq, qi }: JWK): readonly string[] =>
  [k, d, p, q, dp, dq, qi].filter((member) => member !== undefined);

const causeOf = (run: () => unknown): Promise<unknown> =>
  new Promise((resolve) => resolve(run())).then(
    () => expect.unreachable('nothing was refused'),
    (error: unknown) => error,
  );

describe('the secret of a key', () => {
  it.each(ALL_ALGORITHMS)('is in nothing that shows the key: %s [logs.shown]', async (alg) => {
    const { key, jwk } = await testKey(alg);
    const set = createKeySet(key);
    const ring = createKeyRing(toKeySource(set, secretKey), 1);
    const tokens = jwt({ keys: set, issuer: ISSUER, audience: AUDIENCE, revocation: 'none' });
    const secrets = secretsOf(jwk);
    expect(secrets.length).toBeGreaterThan(0);
    for (const thing of [key, set, ring, tokens, { ...key }, [key], ring.publicKeys(0)]) {
      for (const secret of secrets) expect(shownOf(thing)).not.toContain(secret);
    }
    expect(JSON.parse(JSON.stringify(key))).toEqual({ kid: key.kid, alg });
  });

  it('is in no error that refuses it [logs.errors]', async () => {
    const canary = randomBytes(64).toString('base64url');
    const pem = `-----BEGIN PRIVATE KEY-----\n${canary}\n-----END PRIVATE KEY-----`;
    const bytes = Buffer.from(canary).toString('base64url');
    const refused = [
      () => secretKey(canary.slice(0, 20)),
      () => secretKey(`{"kty":"oct","k":"${canary}"}`),
      () => secretKey(pem),
      () => importPem(pem, { alg: 'ES256' }),
      () => importPem(canary, { alg: 'ES256' }),
      () => importJwk({ kty: 'EC', crv: 'P-256', x: canary, y: canary, d: canary }),
      () => importJwk({ kty: 'oct', k: canary.slice(0, 20), alg: 'HS256' }),
      () => importJwk({ kty: 'oct', k: `${canary}=`, alg: 'HS256' }),
      () => importJwk({ kty: 'RSA', n: canary, e: 'AQAB', d: canary, alg: 'RS256' }),
      () => importJwk(pem as unknown as object),
      () =>
        jwt({ keys: canary.slice(0, 20), issuer: ISSUER, audience: AUDIENCE, revocation: 'none' }),
      () => verifyOnly({ jwksUri: `ftp://${canary}/`, issuer: ISSUER, audience: AUDIENCE }),
    ];
    for (const run of refused) {
      const shown = shownOf(await causeOf(run));
      for (const secret of [canary, canary.slice(0, 20), bytes])
        expect(shown).not.toContain(secret);
    }
  });
});
