import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasUniqueMembers } from '../../src/token/compact.js';
import {
  arrangeReader,
  goodClaims,
  goodHeader,
  outcomeOf,
  testKey,
  tokenOfParts,
} from '../arrange.js';

/** JSON text with more members at its end. */
const withMore = (object: object, more: string): string =>
  `${JSON.stringify(object).slice(0, -1)},${more}}`;

describe('duplicate members', () => {
  it.each([
    ['alg', '"alg":"none"'],
    ['alg, with an escape', '"\\u0061lg":"none"'],
    ['alg, the same', '"alg":"HS256"'],
    ['kid', '"kid":"other"'],
    ['typ', '"typ":"at+jwt"'],
    ['one of no consequence', '"x":1,"x":1'],
    ['__proto__', '"__proto__":1,"__proto__":2'],
    ['nested', '"x":{"y":1,"y":2}'],
    ['nested deeper', '"x":[[{"y":{"z":1,"\\u007a":1}}]]'],
  ])('are refused in a header: %s [jwt.members]', async (_name, more) => {
    const by = await testKey('HS256');
    const { read } = arrangeReader(by.key);
    const token = tokenOfParts(by, { header: withMore(goodHeader(by), more) });
    expect(outcomeOf(await read(token))).toBe('malformed');
  });

  it.each([
    ['sub', '"sub":"eve"'],
    ['sub, with an escape', '"\\u0073ub":"eve"'],
    ['exp', '"exp":9999999999'],
    ['aud', '"aud":["https://api.example"]'],
    ['one of the application', '"role":"user","role":"admin"'],
    ['nested', '"account":{"role":"user","role":"admin"}'],
    ['nested, with an escape', '"account":[{"role":"user","r\\u006fle":"admin"}]'],
  ])('are refused in a payload: %s [jwt.members]', async (_name, more) => {
    const by = await testKey('HS256');
    const { read } = arrangeReader(by.key);
    const token = tokenOfParts(by, { payload: withMore(goodClaims(), more) });
    expect(outcomeOf(await read(token))).toBe('unknown');
  });

  it('are not seen in what only looks so', async () => {
    const by = await testKey('HS256');
    const { read } = arrangeReader(by.key);
    const payload = withMore(
      goodClaims(),
      ' "a" : { "b:\\"{" : "x:y,\\\\" , "c" : [ { "b" : 1 } , { "b" : 2 } ] } , "b" : ":" , "1" : 1 ',
    );
    expect(outcomeOf(await read(tokenOfParts(by, { payload })))).toBe('accepted');
  });

  it('are found in any text, and nowhere else', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(2), (object, space) => {
        const value = JSON.parse(JSON.stringify(object)) as object;
        expect(hasUniqueMembers(JSON.stringify(object, null, space), value)).toBe(true);
        const twice = `{"a":${JSON.stringify(object)},"\\u0061":0}`;
        expect(hasUniqueMembers(twice, JSON.parse(twice) as object)).toBe(false);
        const inside = `{"x":[{"a":${JSON.stringify(object)},"a":0}]}`;
        expect(hasUniqueMembers(inside, JSON.parse(inside) as object)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
