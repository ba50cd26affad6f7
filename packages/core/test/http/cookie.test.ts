import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessError } from '../../src/errors.js';
import { type CookieOptions, createRefreshCookie } from '../../src/http/cookie.js';
import { refusalOf } from '../refusal.js';

const TOKEN = `srt_${'S'.repeat(32)}.${'F'.repeat(22)}.${'x'.repeat(42)}A`;

const refusal = (options: Record<string, unknown>) =>
  refusalOf(() => createRefreshCookie(options as CookieOptions));

/** A Set-Cookie value taken apart as a browser does, the attributes by lower-case name (RFC 6265bis 5.6). */
function taken(setCookie: string): {
  name: string;
  value: string;
  attributes: Record<string, string>;
} {
  const [pair = '', ...rest] = setCookie.split(';');
  const equals = pair.indexOf('=');
  const attributes = rest.map((attribute) => {
    const [name = '', value = ''] = attribute.trim().split('=');
    return [name.toLowerCase(), value] as const;
  });
  expect(new Set(attributes.map(([name]) => name)).size).toBe(attributes.length);
  return {
    name: pair.slice(0, equals),
    value: pair.slice(equals + 1),
    attributes: Object.fromEntries(attributes),
  };
}

describe('the refresh cookie, written', () => {
  it('is __Host-sess with Secure, HttpOnly, SameSite=Lax, Path=/ and no Domain [cookies.attributes]', () => {
    const cookie = createRefreshCookie();
    expect(cookie.name).toBe('__Host-sess');
    expect(taken(cookie.write(TOKEN, 604_800))).toEqual({
      name: '__Host-sess',
      value: TOKEN,
      attributes: { path: '/', httponly: '', secure: '', samesite: 'Lax', 'max-age': '604800' },
    });
  });

  it('is one line, apart from each other by semicolon and space [cookies.attributes]', () => {
    expect(createRefreshCookie().write('v', 60)).toMatch(
      /^__Host-sess=v(; [A-Za-z-]+(=[^;,\s]+)?)+$/,
    );
  });

  it('ends with the browser session when it is not persistent', () => {
    const { attributes } = taken(createRefreshCookie({ persistent: false }).write(TOKEN, 604_800));
    expect(attributes).toEqual({ path: '/', httponly: '', secure: '', samesite: 'Lax' });
  });

  it.each([
    ['strict', 'Strict'],
    ['lax', 'Lax'],
    ['none', 'None'],
  ] as const)('says SameSite=%s as %s', (sameSite, written) => {
    expect(taken(createRefreshCookie({ sameSite }).write('v', 1)).attributes['samesite']).toBe(
      written,
    );
  });

  it('is plain sess without Secure only when secure is false', () => {
    const { name, attributes } = taken(createRefreshCookie({ secure: false }).write('v', 1));
    expect(name).toBe('sess');
    expect(attributes).toEqual({ path: '/', httponly: '', samesite: 'Lax', 'max-age': '1' });
  });

  it('gives up __Host- for __Secure- under another path, which __Host- does not allow [cookies.attributes]', () => {
    const { name, attributes } = taken(
      createRefreshCookie({ path: '/app', name: 'login' }).write('v', 1),
    );
    expect(name).toBe('__Secure-login');
    expect(attributes).toMatchObject({ path: '/app', secure: '' });
    expect(taken(createRefreshCookie({ path: '/app', secure: false }).write('v', 1)).name).toBe(
      'sess',
    );
  });

  it('never has a negative life', () => {
    expect(taken(createRefreshCookie().write('v', -5)).attributes['max-age']).toBe('0');
  });

  it('has 4096 bytes of name and value at most, or throws at write [cookies.size]', () => {
    const cookie = createRefreshCookie();
    const room = 4_096 - '__Host-sess'.length;
    expect(taken(cookie.write('v'.repeat(room), 1)).value).toHaveLength(room);
    const write = () => cookie.write('v'.repeat(room + 1), 1);
    expect(write).toThrow(SessError);
    expect(write).toThrow(expect.objectContaining({ code: 'cookie_too_large', status: 500 }));
    expect(write).not.toThrow('vvv');
  });
});

describe('the refresh cookie, cleared', () => {
  it.each<CookieOptions>([
    {},
    { persistent: false },
    { sameSite: 'strict' },
    { sameSite: 'none' },
    { secure: false },
    { path: '/app' },
    { name: 'login' },
  ])(
    'with %o repeats the attributes it was set with, and lives no longer [cookies.cleared]',
    (options) => {
      const cookie = createRefreshCookie(options);
      const { 'max-age': _, ...set } = taken(cookie.write('v', 60)).attributes;
      expect(taken(cookie.clear())).toEqual({
        name: cookie.name,
        value: '',
        attributes: { ...set, 'max-age': '0' },
      });
    },
  );
});

describe('the refresh cookie, read', () => {
  const cookie = createRefreshCookie();
  const NONE = { kind: 'none' };
  const found = (value: string) => ({ kind: 'value', value });

  it.each([
    ['no header', undefined],
    ['an empty header', ''],
    ['other cookies', 'theme=dark; lang=en'],
    ['a cookie without a name', '__Host-sess'],
    ['a nameless cookie whose value looks like one', '=__Host-sess=v'],
    ['semicolons only', ';;; ;'],
  ])('is none in %s [cookies.prefix]', (_, header) => {
    expect(cookie.read(header)).toEqual(NONE);
  });

  it.each([
    'sess',
    '__Secure-sess',
    '__host-sess',
    '__HOST-SESS',
    '__Host-Sess',
    '__Host-sess2',
    'x__Host-sess',
    '__Host_sess',
  ])(
    'is not read from %s: a prefix is a promise only when spelt right [cookies.prefix]',
    (name) => {
      expect(cookie.read(`${name}=v`)).toEqual(NONE);
      expect(cookie.read(`${name}=planted; __Host-sess=v`)).toEqual(found('v'));
    },
  );

  it.each([
    ['a no-break space', '\u00a0'],
    ['a vertical tab', '\u000b'],
    ['a form feed', '\u000c'],
    ['a byte order mark', '\ufeff'],
    ['an em space', '\u2003'],
  ])(
    'is not read from a name with %s before it, which a subdomain may set without the prefix’s promises [cookies.prefix]',
    (_, space) => {
      expect(cookie.read(`${space}__Host-sess=planted`)).toEqual(NONE);
      expect(cookie.read(`__Host-sess=v; ${space}__Host-sess=planted`)).toEqual(found('v'));
    },
  );

  it.each([
    ['__Host-sess=v', 'v'],
    ['a=b; __Host-sess=v; c=d', 'v'],
    ['a=b;__Host-sess=v;c=d', 'v'],
    ['  __Host-sess = v ', 'v'],
    ['\t__Host-sess=v\t', 'v'],
    ['__Host-sess=a=b==', 'a=b=='],
    ['__Host-sess=', ''],
    ['flag; __Host-sess=v', 'v'],
    [`lang=en; __Host-sess=${TOKEN}`, TOKEN],
    // Within the value of another cookie it is that cookie's: anyone may have planted it there.
    ['a=b, __Host-sess=planted; __Host-sess=v', 'v'],
  ])('is found in %j', (header, value) => {
    expect(cookie.read(header)).toEqual(found(value));
  });

  it.each([
    ['__Host-sess=a; __Host-sess=b', ['a', 'b']],
    ['__Host-sess=a; __Host-sess=a', ['a', 'a']],
    ['__Host-sess=a; x=y; __Host-sess=', ['a', '']],
    ['__Host-sess=;__Host-sess=', ['', '']],
    ['__Host-sess=a, __Host-sess=b', ['a', 'b']],
    ['__Host-sess=a,x=y,__Host-sess=b; c=d', ['a', 'b']],
  ])('is refused when its name is sent twice: %s [cookies.twice]', (header, values) => {
    expect(cookie.read(header)).toEqual({ kind: 'duplicate', values });
  });

  it('is told apart from its own options’ other names', () => {
    expect(createRefreshCookie({ secure: false }).read('__Host-sess=v')).toEqual(NONE);
    expect(createRefreshCookie({ secure: false }).read('sess=v')).toEqual(found('v'));
    expect(createRefreshCookie({ path: '/app' }).read('__Host-sess=a; __Secure-sess=v')).toEqual(
      found('v'),
    );
  });

  it('is found among any other cookies exactly when it is there once', () => {
    const octet = fc.constantFrom(..."!#$%&'()*+-./0123456789:<=>?@ABCXYZ[]^_`abcxyz{|}~");
    const name = fc.string({
      unit: fc.constantFrom(...'abcSESs_-Host0'),
      minLength: 1,
      maxLength: 12,
    });
    const other = fc
      .tuple(name, fc.string({ unit: octet }))
      .filter(([otherName]) => otherName !== '__Host-sess')
      .map((pair) => pair.join('='));
    const own = fc.string({ unit: octet });
    fc.assert(
      fc.property(
        fc.array(other),
        fc.array(own, { maxLength: 2 }),
        fc.nat(),
        (others, values, seed) => {
          const pairs = [...others];
          for (const value of values)
            pairs.splice(seed % (pairs.length + 1), 0, `__Host-sess=${value}`);
          const [value] = values;
          const expected =
            value === undefined
              ? NONE
              : values.length > 1
                ? expect.objectContaining({ kind: 'duplicate' })
                : found(value);
          expect(cookie.read(pairs.join('; '))).toEqual(expected);
        },
      ),
    );
  });

  it.each([
    ['a name', `a${' '.repeat(40_000)}b=1; __Host-sess=v`],
    ['a value', `__Host-sess=v${' \t'.repeat(20_000)}v`],
    ['nothing', `${' '.repeat(40_000)}; __Host-sess=v`],
  ])('is read in time in proportion to the header, with white space within %s', (_, header) => {
    const before = performance.now();
    expect(cookie.read(header).kind).toBe('value');
    expect(performance.now() - before).toBeLessThan(200);
  });

  it('is not taken for one whose name goes on, with a value or without', () => {
    expect(cookie.read('__Host-sessx')).toEqual(NONE);
    expect(cookie.read('__Host-sessx=v')).toEqual(NONE);
    expect(cookie.read('=v')).toEqual(NONE);
  });

  it('may have commas in its value, as long as no other of its name follows one', () => {
    expect(cookie.read('__Host-sess=a,b')).toEqual(found('a,b'));
    expect(cookie.read('__Host-sess=a, other=b')).toEqual(found('a, other=b'));
  });

  it('reads back what was written', () => {
    const { name, value } = taken(cookie.write(TOKEN, 60));
    expect(cookie.read(`${name}=${value}`)).toEqual(found(TOKEN));
  });
});

describe('a wrong cookie option throws at construction and says what to write', () => {
  it.each([
    '/\r\nSet-Cookie: a=b',
    '/a;Domain=evil.example',
    '/a,b',
    '/a b',
    '/\u0000',
    '/\u007f',
    '/é',
    '/a\n',
    'app',
    '',
    ' /',
    '/'.padEnd(600, 'a'),
    null,
    7,
  ])('path %j [cookies.injection]', (path) => {
    const refused = refusal({ path });
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain(
      `control character, got ${JSON.stringify(typeof path === 'string' ? path.slice(0, 40) : path)}.`,
    );
  });

  it('path in a list', () => {
    expect(refusal({ path: ['/'] }).message).toContain('control character, got an array.');
  });

  it('and shows a line break in its message escaped, so that no log line can be forged', () => {
    expect(refusal({ path: '/\r\nadmin signed in' }).message).not.toMatch(/[\r\n]/);
  });

  it.each([
    '',
    'a b',
    'a;b',
    'a,b',
    'a=b',
    'a\r\n',
    'a\u0000',
    'é',
    '"a"',
    'a/b',
    'a@b',
    'a'.repeat(129),
  ])('name %j [cookies.injection]', (name) => {
    const refused = refusal({ name });
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain('cookie.name: ');
    expect(refused.message).toContain("expected a name of letters, digits, '-' and '_'");
  });

  it.each(['__Host-sess', '__Secure-sess', '__Http-sess'])(
    'name %j, for the prefix is added by itself',
    (name) => {
      expect(refusal({ name }).message).toContain('without its prefix');
    },
  );

  it.each([null, 7, {}])('name %j, which is no text', (name) => {
    expect(refusal({ name }).code).toBe('invalid_option');
  });

  it.each([
    ...['Lax', 'STRICT', 'no', '', true, null, 'lax; Domain=evil.example', 'toString'],
    ...[['lax'], ['none']],
  ])('sameSite %j [cookies.injection]', (sameSite) => {
    const refused = refusal({ sameSite });
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain('expected "lax" or "strict" or "none"');
  });

  it.each([
    ['secure', 'false'],
    ['secure', 0],
    ['secure', null],
    ['persistent', 'no'],
  ])('%s %j, which is neither true nor false', (name, value) => {
    const refused = refusal({ [name]: value });
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toBe(
      `cookie.${name}: expected true or false, got ${JSON.stringify(value)}.`,
    );
  });

  it('sameSite none without secure, which browsers drop', () => {
    const refused = refusal({ sameSite: 'none', secure: false });
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toBe(
      "cookie.sameSite: expected 'lax' or 'strict' without secure, got \"none\". Browsers ignore a SameSite=None cookie that is not Secure.",
    );
  });

  it.each(['samesite', 'httpOnly', 'domain', 'maxAge', 'expires', 'prefix'])(
    'the unknown option %s',
    (name) => {
      const refused = refusal({ [name]: true });
      expect(refused.message).toContain(
        `cookie: there is no option '${name}'. Known are: name, secure, sameSite, path, persistent, clearPaths.`,
      );
    },
  );

  it('anything but an object', () => {
    expect(refusalOf(() => createRefreshCookie('sess' as never)).message).toBe(
      'cookie: expected an object of options, got "sess".',
    );
  });
});
