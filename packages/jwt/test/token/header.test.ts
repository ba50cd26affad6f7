import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  ALL_ALGORITHMS,
  arrangeReader,
  freshKey,
  goodClaims,
  goodHeader,
  outcomeOf,
  testKey,
  tokenOf,
  tokenOfParts,
} from '../arrange.js';
import { encodePart, forge, forgeHmac } from '../forge.js';

describe('the algorithm of a token', () => {
  it.each(['none', 'None', 'NONE', 'nOnE', ' none', 'none ', 'none\u0000', ''])(
    'is never none: %j [jwt.none]',
    async (alg) => {
      for (const by of [await testKey('HS256'), await testKey('ES256')]) {
        const { read } = arrangeReader(by.key);
        const input = `${encodePart(goodHeader(by, { alg }))}.${encodePart(goodClaims())}`;
        expect(await read(`${input}.`)).toEqual({ ok: false, reason: 'malformed' });
        expect(await read(input)).toEqual({ ok: false, reason: 'malformed' });
        const signature = tokenOf(by).split('.')[2];
        expect((await read(`${input}.${signature}`)).ok).toBe(false);
      }
    },
  );

  it('is the one of its key, and no other, however well it is signed [jwt.algorithm]', async () => {
    let refused = 0;
    for (const alg of ALL_ALGORITHMS) {
      const by = await testKey(alg);
      const { read } = arrangeReader(by.key);
      expect(outcomeOf(await read(tokenOf(by)))).toBe('accepted');
      for (const other of ALL_ALGORITHMS) {
        if (other === alg) continue;
        // Signed with the other algorithm where the key could do that, and with its own under the other's name.
        const sameType = (await testKey(other)).jwk.kty === by.jwk.kty && by.jwk.kty !== 'oct';
        const signedBy = sameType ? { jwk: by.jwk, alg: other } : by;
        for (const signer of [by, signedBy]) {
          const forged = forge(goodHeader(by, { alg: other }), goodClaims(), signer);
          expect(outcomeOf(await read(forged))).toBe('unknown');
          refused += 1;
        }
      }
    }
    expect(refused).toBe(84);
  });

  it('is not another of the family with the same secret [jwt.algorithm]', async () => {
    const { jwk, kid, key } = await testKey('HS512');
    const { read } = arrangeReader(key);
    for (const alg of ['HS256', 'HS384'] as const) {
      expect(outcomeOf(await read(tokenOf({ alg, jwk, kid, key })))).toBe('unknown');
    }
  });

  it.each([undefined, null, 1, ['HS256'], { alg: 'HS256' }, true])('is text: %j', async (alg) => {
    const by = await testKey('HS256');
    const { read } = arrangeReader(by.key);
    expect(outcomeOf(await read(tokenOf(by, { header: { alg } })))).toBe('malformed');
  });

  it.each(['hs256', 'Hs256', 'HS256 ', 'constructor', '__proto__'])(
    'is spelled so: not %j',
    async (alg) => {
      const by = await testKey('HS256');
      const { read } = arrangeReader(by.key);
      expect(outcomeOf(await read(tokenOf(by, { header: { alg } })))).toBe('unknown');
    },
  );
});

describe('the type of a token', () => {
  it.each(['at+jwt', 'AT+JWT', 'application/at+jwt'])(
    'may be spelled %s [jwt.type]',
    async (typ) => {
      const by = await testKey('HS256');
      const { read } = arrangeReader(by.key);
      expect(outcomeOf(await read(tokenOf(by, { header: { typ } })))).toBe('accepted');
    },
  );

  it.each([
    undefined,
    null,
    '',
    'JWT',
    'jwt',
    'at+jwt ',
    ' at+jwt',
    'at+jwt;v=1',
    'rt+jwt',
    'logout+jwt',
    'dpop+jwt',
    'text/at+jwt',
    ['at+jwt'],
    1,
  ])('is at+jwt, and not %j [jwt.type]', async (typ) => {
    const by = await testKey('HS256');
    const { read } = arrangeReader(by.key);
    expect(outcomeOf(await read(tokenOf(by, { header: { typ } })))).toBe('malformed');
  });
});

describe('a header that contains a key', () => {
  it('is refused, and nothing is fetched [jwt.brought-keys]', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('{"keys":[]}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const ours = await testKey('ES256');
      const theirs = await freshKey('theirs');
      const { read } = arrangeReader(ours.key);
      const foreign = [
        { jku: `${url}/jku` },
        { x5u: `${url}/x5u` },
        { jwk: theirs.key.publicJwk },
        { x5c: ['MIIB'] },
        { x5t: 'AAAA' },
        { 'x5t#S256': 'AAAA' },
        { jku: null },
      ];
      for (const header of foreign) {
        for (const by of [ours, { ...theirs, kid: ours.kid }]) {
          expect(outcomeOf(await read(tokenOf(by, { header })))).toBe('malformed');
        }
      }
      const kids = [`${url}/kid`, '../../../dev/null', '/dev/null', "' OR 1=1 --", 'a\u0000b', ''];
      for (const kid of [...kids, '__proto__', 'constructor', 'toString', 'x'.repeat(5_000)]) {
        expect(outcomeOf(await read(tokenOf(ours, { header: { kid } })))).toBe('unknown');
        const empty = forgeHmac(goodHeader(ours, { alg: 'HS256', kid }), goodClaims(), '');
        expect(outcomeOf(await read(empty))).toBe('unknown');
      }
      for (const kid of [null, 1, ['a'], {}]) {
        expect(outcomeOf(await read(tokenOf(ours, { header: { kid } })))).toBe('malformed');
      }
      expect(asked).toEqual([]);
    } finally {
      server.close();
    }
  });

  it('may leave its kid out where there is one key only', async () => {
    const one = await testKey('ES256');
    const two = await freshKey('two');
    const token = tokenOf(one, { header: { kid: undefined } });
    expect(outcomeOf(await arrangeReader(one.key).read(token))).toBe('accepted');
    expect(outcomeOf(await arrangeReader([one.key, two.key]).read(token))).toBe('unknown');
  });
});

describe('a header with extensions', () => {
  it.each([
    { crit: ['exp'], exp: 1 },
    { crit: [] },
    { crit: ['b64'], b64: true },
    { crit: ['b64'], b64: false },
    { crit: null },
    { b64: false },
    { b64: true },
  ])('is refused, for none is known here: %j [jwt.extensions]', async (header) => {
    const by = await testKey('HS256');
    const { read } = arrangeReader(by.key);
    expect(outcomeOf(await read(tokenOf(by, { header })))).toBe('malformed');
  });

  it('is read when they are of no consequence', async () => {
    const by = await testKey('HS256');
    const { read } = arrangeReader(by.key);
    const header = { cty: 'JSON', 'https://a.example/b': { c: [1] } };
    expect(outcomeOf(await read(tokenOf(by, { header })))).toBe('accepted');
  });

  it.each(['[]', '"at+jwt"', 'null', '7', '{', '{}{}', ''])(
    'is a JSON object, and not %s',
    async (header) => {
      const by = await testKey('HS256');
      const { read } = arrangeReader(by.key);
      expect(outcomeOf(await read(tokenOfParts(by, { header })))).toBe('malformed');
    },
  );
});
