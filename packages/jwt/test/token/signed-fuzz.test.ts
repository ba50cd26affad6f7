import { Buffer } from 'node:buffer';
import { isSessError } from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import fc from 'fast-check';
import { importJWK, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { anyValue, changes, PATIENCE, runs } from '../../../../test/fuzzing.js';
import { createStatelessSessions, memoryDenylist } from '../../src/index.js';
import {
  ALL_ALGORITHMS,
  AUDIENCE,
  arrangeReader,
  goodClaims,
  goodHeader,
  ISSUER,
  testKey,
  tokenOfParts,
} from '../arrange.js';
import { signText } from '../forge.js';

/*
 * Whoever signs these has the key. What the reader takes is held against jose, and against a count of members that
 * shares nothing with the reader's.
 */

/** Members as somebody might add them: once more, with a value that parsers differ about, or deep. */
const member = fc.oneof(
  fc.constantFrom(
    '"exp":1e400',
    '"exp":-1',
    '"exp":0',
    '"exp":"9999999999"',
    '"exp":9007199254740993',
    '"exp":null',
    '"exp":[1700000600]',
    '"nbf":1e400',
    '"iat":-0',
    '"sub":"eve"',
    '"\\u0073ub":"eve"',
    '"aud":["api",{}]',
    '"sid":"__proto__"',
    '"__proto__":{"sub":"eve"}',
    '"constructor":{"prototype":1}',
    '"alg":"none"',
    '"kid":"../../etc/passwd"',
    '"crit":["exp"]',
    '"b64":false',
    '"jku":"https://evil.example/keys"',
    '"x":"\\ud800"',
    '"x":"a:b\\":c"',
  ),
  fc
    .tuple(fc.nat(900), fc.constantFrom(['[', ']'] as const, ['{"a":', '}'] as const))
    .map(([depth, [open, close]]) => `"deep":${open.repeat(depth)}1${close.repeat(depth)}`),
  fc.tuple(fc.string(), fc.json()).map(([name, json]) => `${JSON.stringify(name)}:${json}`),
);

/** One text of an object, from another. */
const rewriting: fc.Arbitrary<(json: string) => string> = fc.oneof(
  fc.constant((json: string) => json),
  changes,
  fc.tuple(member, fc.boolean()).map(
    ([text, isFirst]) =>
      (json: string) =>
        isFirst ? `{${text},${json.slice(1)}` : `${json.slice(0, -1)},${text}}`,
  ),
  fc
    .constantFrom(' ', '\t\n', '\ufeff', '\u00a0')
    .map((space) => (json: string) => space + json + space),
);

/** Names of members as they are written, by the text alone. */
function countNames(json: string): number {
  return [...json.matchAll(/"(?:\\.|[^"\\])*"(\s*:)?/gs)].filter(([, colon]) => colon).length;
}

/** Members that a parser keeps. */
function countKept(json: string): number {
  // The reviver is also called for the whole value, which is no member.
  let kept = -1;
  JSON.parse(json, function count(this: unknown, _name: string, value: unknown) {
    if (!Array.isArray(this)) kept += 1;
    return value;
  });
  return kept;
}

describe('a token whose parts are other JSON, with a good signature', () => {
  it.each(ALL_ALGORITHMS)(
    'a signed token of other JSON is accepted only if jose accepts it and every member is unique: %s',
    async (alg) => {
      const by = await testKey(alg);
      const { read, clock } = arrangeReader(by.key, { maxRemembered: 0 });
      const key = await importJWK({ ...(by.key.publicJwk ?? by.jwk) }, alg);
      const [goodHead, goodBody] = [JSON.stringify(goodHeader(by)), JSON.stringify(goodClaims())];
      let taken = 0;
      await fc.assert(
        fc.asyncProperty(rewriting, rewriting, async (rewriteHead, rewriteBody) => {
          const [header, payload] = [rewriteHead(goodHead), rewriteBody(goodBody)];
          const token = tokenOfParts(by, { header, payload });
          const reading = await read(token);
          if (!reading.ok) return;
          taken += 1;
          const options = {
            issuer: ISSUER,
            audience: AUDIENCE,
            currentDate: new Date(clock.now()),
          };
          const { payload: claims } = await jwtVerify(token, key, {
            ...options,
            algorithms: [alg],
            typ: 'at+jwt',
          });
          expect(reading.claimed.session.subject).toBe(claims.sub);
          expect(reading.expiresAt).toBe((claims.exp ?? 0) * 1_000);
          expect(Number.isFinite(reading.expiresAt)).toBe(true);
          for (const json of [header, payload]) expect(countNames(json)).toBe(countKept(json));
          expect(Object.getPrototypeOf(reading.claimed.session.data)).toBe(Object.prototype);
        }),
        runs(alg.startsWith('HS') ? 400 : 100, 60),
      );
      expect(taken).toBeGreaterThan(0);
    },
    PATIENCE,
  );

  it('has one spelling: another base64 of the same bytes is refused, though it is signed', async () => {
    const by = await testKey('HS256');
    const { read } = arrangeReader(by.key, { maxRemembered: 0 });
    const encode = (json: string): string => Buffer.from(json).toString('base64url');
    const parts = [JSON.stringify(goodHeader(by)), JSON.stringify(goodClaims())] as const;
    const respelt = fc.oneof(
      fc.constantFrom(
        (text: string) => `${text}=`,
        (text: string) => `${text}==`,
        (text: string) => `${text}\n`,
        (text: string) => text.replace(/.{64}/g, '$&\r\n'),
        (text: string) => Buffer.from(text, 'base64url').toString('base64'),
        (text: string) => encodeURIComponent(text),
      ),
      changes,
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(1), respelt, async (which, respell) => {
        const texts = parts.map(encode);
        const before = texts[which] ?? '';
        const after = respell(before);
        const isSame = Buffer.from(after, 'base64').equals(Buffer.from(before, 'base64'));
        fc.pre(isSame && after !== before);
        texts[which] = after;
        expect((await read(signText(texts.join('.'), by))).ok).toBe(false);
      }),
      { ...runs(100), maxSkipsPerRun: 10_000 },
    );
  });
});

describe('an engine whose sessions are in their tokens', () => {
  it(
    'a stateless engine accepts or refuses any input, signed or not, and the honest session continues',
    async () => {
      const by = await testKey('HS256');
      const clock = createFakeClock();
      const sessions = createStatelessSessions({
        keys: by.key,
        issuer: ISSUER,
        audience: AUDIENCE,
        denylist: memoryDenylist({ clock }),
        clock,
        logger: silentLogger,
      });
      const { accessToken } = await sessions.create({ subject: 'ada' });
      const own = Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString();
      const hostile = fc.oneof(
        anyValue,
        changes.map((change) => change(accessToken)),
        rewriting.map((rewrite) => tokenOfParts(by, { payload: rewrite(own) })),
        fc
          .record({
            sub: fc.string(),
            sid: fc.string(),
            jti: fc.string(),
            sv: fc.jsonValue(),
            ses: fc.jsonValue(),
          })
          .map((claims) =>
            tokenOfParts(by, { payload: JSON.stringify({ ...JSON.parse(own), ...claims }) }),
          ),
      );
      await fc.assert(
        fc.asyncProperty(
          hostile,
          fc.constantFrom('verify', 'refresh', 'end'),
          async (token, name) => {
            fc.pre(!isSameSession(token, own));
            const calls = {
              verify: async () => sessions.verify(token as string),
              refresh: () => sessions.refresh(token as string),
              end: () => sessions.end({ accessToken: token as string }),
            };
            const error = await calls[name as 'verify']().then(
              () => undefined,
              (reason: unknown) => reason,
            );
            if (error !== undefined) expect(isSessError(error)).toBe(true);
          },
        ),
        runs(1_500),
      );
      expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
      expect(await sessions.refresh(accessToken)).toMatchObject({ ok: true });
    },
    PATIENCE,
  );
});

/** Whether a token is signed and still speaks of the honest session, which it may then end. */
function isSameSession(token: unknown, own: string): boolean {
  if (typeof token !== 'string') return false;
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  const { sid, jti } = JSON.parse(own) as { readonly sid: string; readonly jti: string };
  return payload.includes(sid) || payload.includes(jti);
}
