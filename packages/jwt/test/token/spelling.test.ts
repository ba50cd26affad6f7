import { Buffer } from 'node:buffer';
import { silentLogger } from '@sess/testkit';
import { describe, expect, it, vi } from 'vitest';
import { createReader } from '../../src/token/reader.js';
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
import { encodePart, signText, twinOf } from '../forge.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Other texts of the same bytes: the last character's spare bits set. */
function withSpareBits(part: string): readonly string[] {
  const spare = [0, 0, 4, 2][part.length % 4] ?? 0;
  const last = ALPHABET.indexOf(part.at(-1) ?? '');
  return Array.from({ length: 2 ** spare - 1 }, (_, bits) => {
    return `${part.slice(0, -1)}${ALPHABET[last + bits + 1]}`;
  });
}

describe('the spelling of a token', () => {
  it.each(ALL_ALGORITHMS)('is the only one that its bytes have: %s [jwt.spelling]', async (alg) => {
    const by = await testKey(alg);
    const { read } = arrangeReader(by.key);
    const token = tokenOf(by);
    expect(outcomeOf(await read(token))).toBe('accepted');
    const [header = '', payload = '', signature = ''] = token.split('.');
    const others = [
      ...withSpareBits(signature).map((text) => `${header}.${payload}.${text}`),
      ...[
        '=',
        '==',
        ' ',
        '\n',
        '\t',
        '\r\n',
        '\0',
        '\u00a0',
        '.',
        'A',
        'AA',
        'AAA',
        'AAAA',
        '%3D',
      ].map((end) => token + end),
      ` ${token}`,
      `\ufeff${token}`,
      `${header}=.${payload}.${signature}`,
      `${header}.${payload} .${signature}`,
      `${header}.\n${payload}.${signature}`,
      `${header}..${payload}.${signature}`,
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `.${payload}.${signature}`,
      `${header}..${signature}`,
      '..',
      '',
      `Bearer ${token}`,
    ];
    for (const other of others) expect((await read(other)).ok).toBe(false);
  });

  it('is refused with spare bits, also where they were signed [jwt.spelling]', async () => {
    const by = await testKey('HS256');
    const { read } = arrangeReader(by.key);
    let refused = 0;
    for (const pad of ['', ' ', '  ']) {
      const header = encodePart(JSON.stringify(goodHeader(by)) + pad);
      const payload = encodePart(JSON.stringify(goodClaims()) + pad);
      expect(outcomeOf(await read(signText(`${header}.${payload}`, by)))).toBe('accepted');
      const inputs = [
        ...withSpareBits(header).map((text) => `${text}.${payload}`),
        ...withSpareBits(payload).map((text) => `${header}.${text}`),
      ];
      for (const input of inputs) {
        expect(outcomeOf(await read(signText(input, by)))).toBe('malformed');
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(30);
  });

  it('is base64url, and not base64', async () => {
    const by = await testKey('HS256');
    const { read } = arrangeReader(by.key);
    const payload = encodePart({ ...goodClaims(), text: '>>>???~~~' });
    expect(payload).toMatch(/[-_]/);
    const base64 = payload.replaceAll('-', '+').replaceAll('_', '/');
    const input = `${encodePart(goodHeader(by))}.${base64}`;
    expect(outcomeOf(await read(signText(input, by)))).toBe('malformed');
  });

  it('is another with the ECDSA twin, of the same token: what denies one denies both [jwt.spelling]', async () => {
    const by = await testKey('ES256');
    const { read } = arrangeReader(by.key);
    const token = tokenOf(by);
    const twin = twinOf(token);
    expect(twin).not.toBe(token);
    const [one, other] = [await read(token), await read(twin)];
    expect(one).toEqual(other);
    expect(other).toMatchObject({ ok: true, digest: 'token-1', sid: 'S'.repeat(32) });
  });

  it('a JWE is refused before decryption [jwt.encrypted]', async () => {
    const by = await testKey('RS256');
    const { read } = arrangeReader(by.key);
    const header = encodePart({ alg: 'RSA-OAEP', enc: 'A256GCM', typ: 'at+jwt', kid: by.kid });
    expect(outcomeOf(await read(`${header}.AAAA.AAAA.AAAA.AAAA`))).toBe('malformed');
    expect(outcomeOf(await read(`${tokenOf(by)}.AAAA.AAAA`))).toBe('malformed');
    expect(outcomeOf(await read(`${header}..AAAA.AAAA.AAAA`))).toBe('malformed');
  });

  it.each([undefined, null, 7, {}, [], true, Symbol('token'), () => 'token'])(
    'is text: %#',
    async (token) => {
      const { read } = arrangeReader((await freshKey('one')).key);
      expect(await read(token)).toEqual({ ok: false, reason: 'malformed' });
    },
  );
});

describe('a token that is too long', () => {
  it('is refused before it is hashed [tokens.length]', async () => {
    const by = await testKey('HS256');
    const hash = vi.fn();
    const verified = { keepFor: () => undefined, get: hash, set: hash };
    const { ring } = arrangeReader(by.key);
    const read = createReader({
      findKey: ring.find,
      version: ring.version,
      expected: { issuer: '', audiences: [], required: [] },
      findForeignClaim: () => undefined,
      leeway: 0,
      logger: silentLogger,
      verified,
    });
    for (const token of ['a'.repeat(8_193), `a.b.${'A'.repeat(10_000_000)}`]) {
      expect(read(token, 0)).toEqual({ ok: false, reason: 'malformed' });
    }
    expect(hash).not.toHaveBeenCalled();
  });

  it('a token that is too long costs little, for any content', async () => {
    const { read } = arrangeReader((await testKey('HS256')).key);
    const start = performance.now();
    for (const text of [
      'A'.repeat(8_192),
      '.'.repeat(8_192),
      'A.'.repeat(4_096),
      `${'A'.repeat(8_190)}..`,
    ]) {
      for (let run = 0; run < 100; run += 1) expect((await read(text)).ok).toBe(false);
    }
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});

describe('JSON that a token should not have', () => {
  const by = testKey('HS256');

  it.each([
    ['a byte order mark', Buffer.from('\ufeff{}')],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['an overlong form', Buffer.from([0x7b, 0x22, 0xc0, 0xa2, 0x22, 0x3a, 0x31, 0x7d])],
    ['UTF-16', Buffer.from('{"alg":"HS256","typ":"at+jwt"}', 'utf16le')],
    ['comments', Buffer.from('{/* */}')],
    ['a comma too many', Buffer.from('{"a":1,}')],
    ['20,000 levels', Buffer.from('['.repeat(20_000))],
    ['3,000 levels', Buffer.from(`{"a":${'['.repeat(1_500)}${']'.repeat(1_500)}}`)],
  ])('is refused: %s', async (_name, bytes) => {
    const key = await by;
    const { read } = arrangeReader(key.key);
    expect(outcomeOf(await read(tokenOfParts(key, { header: bytes })))).toBe('malformed');
    const payload = await read(tokenOfParts(key, { payload: bytes }));
    expect(payload.ok).toBe(false);
  });

  it('is refused where good claims have a text that is no UTF-8', async () => {
    const key = await by;
    const { read } = arrangeReader(key.key);
    const good = Buffer.from(JSON.stringify(goodClaims({ sub: 'ad?' })));
    const payload = Buffer.from(good.map((byte) => (byte === 0x3f ? 0xff : byte)));
    expect(outcomeOf(await read(tokenOfParts(key, { payload: good })))).toBe('accepted');
    expect(outcomeOf(await read(tokenOfParts(key, { payload })))).toBe('unknown');
  });

  it('is refused where good claims stand behind a byte order mark', async () => {
    const key = await by;
    const { read } = arrangeReader(key.key);
    const payload = `\ufeff${JSON.stringify(goodClaims())}`;
    expect(outcomeOf(await read(tokenOfParts(key, { payload })))).toBe('unknown');
  });

  it('is refused where good claims hold what is nested too deep to be copied', async () => {
    const key = await by;
    const { read } = arrangeReader(key.key);
    for (const levels of [64, 1_000, 2_800]) {
      const deep = `${'['.repeat(levels)}${']'.repeat(levels)}`;
      const payload = `${JSON.stringify(goodClaims()).slice(0, -1)},"deep":${deep}}`;
      expect((await read(tokenOfParts(key, { payload }))).ok).toBe(false);
    }
  });
});
