import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  cacheOverrides,
  createPrivateCaching,
  jsonReply,
  mergeSetCookie,
  mergeVary,
} from '../../src/http/exchange.js';

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
  ])('mergeVary adds to %j the names %j: %j', (present, names, expected) => {
    expect(mergeVary(present, names)).toBe(expected);
  });

  it('mergeVary keeps the present names in order, adds the missing ones, and repeats no name [csrf.vary]', () => {
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

  it('mergeVary changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.array(fieldName), fc.array(fieldName), (present, added) => {
        const once = mergeVary(listOf(present, ', '), listOf(added, ', '));
        expect(mergeVary(once, listOf(added, ', '))).toBe(once);
      }),
    );
  });
});

describe('mergeSetCookie', () => {
  it('mergeSetCookie adds a cookie after those of the application [cookies.others]', () => {
    expect(
      mergeSetCookie(['theme=dark; Path=/', 'lang=en'], '__Host-sess', '__Host-sess=v'),
    ).toEqual(['theme=dark; Path=/', 'lang=en', '__Host-sess=v']);
  });

  it('mergeSetCookie replaces the cookie of that name, so that only the last one counts [cookies.others, cookies.once]', () => {
    const once = mergeSetCookie(['theme=dark'], '__Host-sess', '__Host-sess=; Max-Age=0');
    expect(mergeSetCookie(once, '__Host-sess', '__Host-sess=v')).toEqual([
      'theme=dark',
      '__Host-sess=v',
    ]);
  });

  it('mergeSetCookie keeps cookies whose names only begin or end the same', () => {
    const others = ['sess2=a', 'my-sess=b', '__Host-sess=c', 'SESS=d', 'x=sess=e'];
    expect(mergeSetCookie(others, 'sess', 'sess=v')).toEqual([...others, 'sess=v']);
  });

  it('mergeSetCookie keeps a cookie of another partition [cookies.partitioned]', () => {
    const twins = ['sess=a; Path=/; Partitioned', 'sess=; Path=/; Max-Age=0'];
    expect(mergeSetCookie([twins[0] ?? ''], 'sess', twins[1] ?? '')).toEqual(twins);
    expect(mergeSetCookie(twins, 'sess', 'sess=b; Path=/; Partitioned')).toEqual([
      twins[1],
      'sess=b; Path=/; Partitioned',
    ]);
  });

  it('mergeSetCookie keeps the line that empties a cookie before it is removed, until it is set', () => {
    const [emptied, removed] = ['sess=; Path=/; Max-Age=1', 'sess=; Path=/; Max-Age=0'] as const;
    const both = mergeSetCookie(
      mergeSetCookie(['sess=a; Path=/'], 'sess', emptied),
      'sess',
      removed,
    );
    expect(both).toEqual([emptied, removed]);
    // Adapters repeat both when the head is sent.
    expect(mergeSetCookie(mergeSetCookie(both, 'sess', emptied), 'sess', removed)).toEqual(both);
    expect(mergeSetCookie(both, 'sess', 'sess=b; Path=/')).toEqual(['sess=b; Path=/']);
  });

  it('mergeSetCookie keeps no value of a cookie that is removed', () => {
    const removed = 'sess=; Path=/; Max-Age=0';
    expect(mergeSetCookie(['sess=secret; Path=/'], 'sess', removed)).toEqual([removed]);
  });

  it('mergeSetCookie does not change the given list', () => {
    const present = Object.freeze(['sess=a']);
    expect(mergeSetCookie(present, 'sess', 'sess=b')).toEqual(['sess=b']);
    expect(present).toEqual(['sess=a']);
  });

  it('mergeSetCookie keeps every other cookie at its place, and puts the new one last and once', () => {
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

describe('mergeSetCookie with attributes', () => {
  it.each(['sess=a; Path=/x', 'sess=a;path=/x', 'sess=a;  PATH=/x; Secure'])(
    'mergeSetCookie replaces %j by a cookie of the same path only',
    (present) => {
      const merged = (line: string) => mergeSetCookie([present], 'sess', line);
      expect(merged('sess=b; Path=/x')).toEqual(['sess=b; Path=/x']);
      expect(merged('sess=b; Path=/y')).toEqual([present, 'sess=b; Path=/y']);
      expect(merged('sess=b')).toEqual(['sess=b']);
    },
  );

  it('mergeSetCookie replaces a cookie without a path', () => {
    expect(mergeSetCookie(['sess=a'], 'sess', 'sess=b; Path=/')).toEqual(['sess=b; Path=/']);
  });

  it('mergeSetCookie keeps a cookie of another domain, and one without a domain', () => {
    const present = ['sess=a; Path=/', 'sess=b; Path=/; Domain=shop.example'];
    const added = 'sess=c; Path=/; Domain=a.shop.example';
    expect(mergeSetCookie(present, 'sess', added)).toEqual([...present, added]);
    const replaced = 'sess=d; Domain=shop.example; Path=/';
    expect(mergeSetCookie(present, 'sess', replaced)).toEqual([present[0], replaced]);
  });

  it.each(['sess=a; Path=/; Partitioned', 'sess=a; Path=/;partitioned ; Secure'])(
    'mergeSetCookie keeps %j beside a cookie that is not partitioned',
    (present) => {
      expect(mergeSetCookie([present], 'sess', 'sess=b; Path=/')).toEqual([
        present,
        'sess=b; Path=/',
      ]);
      const added = 'sess=b; Path=/; Partitioned';
      expect(mergeSetCookie([present], 'sess', added)).toEqual([added]);
    },
  );

  it('mergeSetCookie leaves a line at its place that is set again', () => {
    const present = ['sess=a; Path=/', 'theme=dark'];
    expect(mergeSetCookie(present, 'sess', 'sess=a; Path=/')).toEqual(present);
  });
});

describe('createPrivateCaching', () => {
  function choose(present: string | undefined, isNavigation = true) {
    const onPublic = vi.fn();
    const chosen = createPrivateCaching({ isNavigation, onPublic })(present);
    return { chosen, isReported: onPublic.mock.calls.length > 0 };
  }

  it.each([undefined, ''])('createPrivateCaching fills in the missing header %j', (present) => {
    expect(choose(present, true)).toEqual({ chosen: 'no-store', isReported: false });
    expect(choose(present, false)).toEqual({ chosen: 'private, no-cache', isReported: false });
  });

  it.each([
    ['public, max-age=60', 'private, no-cache', true],
    ['max-age=0, S-MaxAge=60', 'private, no-cache', true],
    ['Private, max-age=60', 'Private, max-age=60', false],
    ['no-store, public', 'no-store, public', false],
    ['private="set-cookie", max-age=60', 'private, private="set-cookie", max-age=60', false],
    ['no-cache', 'private, no-cache', false],
  ])('createPrivateCaching makes of %s: %s', (present, chosen, isReported) => {
    expect(choose(present)).toEqual({ chosen, isReported });
  });
});

describe('cacheOverrides', () => {
  it('cacheOverrides finds the headers that let a shared cache keep a response [cookies.no-store]', () => {
    const overrides = ['surrogate-control', 'Surrogate-Control', 'cdn-cache-control'];
    const branded = ['Cloudflare-CDN-Cache-Control', 'vercel-cdn-cache-control'];
    const others = ['cache-control', 'x-surrogate-control', 'cdn-cache-controls', 'content-type'];
    expect(cacheOverrides([...others, ...overrides, ...branded])).toEqual([
      ...overrides,
      ...branded,
    ]);
  });
});

describe('jsonReply', () => {
  it('jsonReply returns a 200 with JSON that no cache keeps [cookies.no-store]', () => {
    expect(jsonReply({ revoked: 3 })).toEqual({
      status: 200,
      headers: { 'Cache-Control': 'no-store', 'Content-Type': 'application/json; charset=utf-8' },
      body: '{"revoked":3}',
    });
  });
});
