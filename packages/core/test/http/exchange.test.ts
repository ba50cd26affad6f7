import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonReply, mergeSetCookie, mergeVary } from '../../src/http/exchange.js';

const fieldName = fc.string({ unit: fc.constantFrom(...'aAbBcC-'), minLength: 1, maxLength: 4 });
const listOf = (names: readonly string[], comma: string) => names.join(comma);
const fieldsOf = (value: string) =>
  value
    .split(',')
    .map((field) => field.trim())
    .filter((field) => field !== '');

describe('mergeVary', () => {
  it.each([
    [undefined, 'Sec-Fetch-Site, Origin', 'Sec-Fetch-Site, Origin'],
    ['', 'Origin', 'Origin'],
    ['Accept-Encoding', 'Origin', 'Accept-Encoding, Origin'],
    ['origin', 'Sec-Fetch-Site, Origin', 'origin, Sec-Fetch-Site'],
    ['Origin, Accept', 'Origin', 'Origin, Accept'],
    [' Origin ,, Accept ', 'Cookie', 'Origin, Accept, Cookie'],
  ])('adds to %j the names %j: %j', (present, names, expected) => {
    expect(mergeVary(present, names)).toBe(expected);
  });

  it('keeps what is there and in what order, adds what is missing, and names nothing twice [csrf.vary]', () => {
    const names = fc.array(fieldName, { maxLength: 6 });
    fc.assert(
      fc.property(names, names, fc.constantFrom(',', ', ', ' , '), (present, added, comma) => {
        const merged = fieldsOf(mergeVary(listOf(present, comma), listOf(added, comma)));
        const folded = merged.map((field) => field.toLowerCase());
        const expected = [...new Set([...present, ...added].map((field) => field.toLowerCase()))];
        expect(folded).toEqual(expected);
        for (const field of merged) expect([...present, ...added]).toContain(field);
      }),
    );
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.array(fieldName), fc.array(fieldName), (present, added) => {
        const once = mergeVary(listOf(present, ', '), listOf(added, ', '));
        expect(mergeVary(once, listOf(added, ', '))).toBe(once);
      }),
    );
  });
});

describe('mergeSetCookie', () => {
  it('adds a cookie after the others, and other Set-Cookie headers of the app survive [cookies.others]', () => {
    expect(
      mergeSetCookie(['theme=dark; Path=/', 'lang=en'], '__Host-sess', '__Host-sess=v'),
    ).toEqual(['theme=dark; Path=/', 'lang=en', '__Host-sess=v']);
  });

  it('replaces the cookie of that name: cleared and set again in one response, only the last counts [cookies.others]', () => {
    const once = mergeSetCookie(['theme=dark'], '__Host-sess', '__Host-sess=; Max-Age=0');
    expect(mergeSetCookie(once, '__Host-sess', '__Host-sess=v')).toEqual([
      'theme=dark',
      '__Host-sess=v',
    ]);
  });

  it('leaves cookies whose names merely begin or end the same', () => {
    const others = ['sess2=a', 'my-sess=b', '__Host-sess=c', 'SESS=d', 'x=sess=e'];
    expect(mergeSetCookie(others, 'sess', 'sess=v')).toEqual([...others, 'sess=v']);
  });

  it('does not change the list it is given', () => {
    const present = Object.freeze(['sess=a']);
    expect(mergeSetCookie(present, 'sess', 'sess=b')).toEqual(['sess=b']);
    expect(present).toEqual(['sess=a']);
  });

  it('leaves every other cookie where it was, and the one that was set last and once', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 1, maxLength: 3 });
    const cookies = fc.array(fc.tuple(name, fc.string({ unit: fc.constantFrom('x', '=', 'a') })));
    fc.assert(
      fc.property(cookies, name, (pairs, own) => {
        const present = pairs.map(([other, value]) => `${other}=${value}; Path=/`);
        const merged = mergeSetCookie(present, own, `${own}=new`);
        const kept = pairs.flatMap(([other], index) => (other === own ? [] : [present[index]]));
        expect(merged).toEqual([...kept, `${own}=new`]);
      }),
    );
  });
});

describe('jsonReply', () => {
  it('is 200, JSON, and kept by no cache [cookies.no-store]', () => {
    expect(jsonReply({ revoked: 3 })).toEqual({
      status: 200,
      headers: { 'Cache-Control': 'no-store', 'Content-Type': 'application/json; charset=utf-8' },
      body: '{"revoked":3}',
    });
  });
});
