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
  it('the cookie is __Host-sess with Secure, HttpOnly, SameSite=Lax, Path=/ and no Domain [cookies.attributes]', () => {
    const cookie = createRefreshCookie();
    expect(cookie.name).toBe('__Host-sess');
    expect(taken(cookie.write(TOKEN, 604_800))).toEqual({
      name: '__Host-sess',
      value: TOKEN,
      attributes: { path: '/', httponly: '', secure: '', samesite: 'Lax', 'max-age': '604800' },
    });
  });

  it('the attributes are separated by a semicolon and a space [cookies.attributes]', () => {
    expect(createRefreshCookie().write('v', 60)).toMatch(
      /^__Host-sess=v(; [A-Za-z-]+(=[^;,\s]+)?)+$/,
    );
  });

  it.each([{}, { sameSite: 'none' }] as const)(
    'a partitioned cookie with %j is Partitioned and SameSite=None, when it is cleared too [cookies.partitioned, cookies.cleared]',
    (options) => {
      const cookie = createRefreshCookie({ partitioned: true, ...options });
      const attributes = { path: '/', httponly: '', secure: '', samesite: 'None', partitioned: '' };
      expect(taken(cookie.write(TOKEN, 60)).attributes).toEqual({ ...attributes, 'max-age': '60' });
      expect(taken(cookie.clear()).attributes).toEqual({ ...attributes, 'max-age': '0' });
    },
  );

  it.each([true, false])(
    'an ambiguous request removes the twin of a cookie, with partitioned: %s [cookies.partitioned, cookies.twice]',
    (partitioned) => {
      const cookie = createRefreshCookie({ partitioned, sameSite: 'none' });
      expect(cookie.clearOthers()).toEqual([]);
      const [[name = '', line = ''] = [], ...others] = cookie.clearOthers({
        path: '/page',
        host: 'a.example',
      });
      expect([name, others]).toEqual(['__Host-sess', []]);
      expect(taken(line).attributes).toMatchObject({ path: '/', 'max-age': '0' });
      expect('partitioned' in taken(line).attributes).toBe(!partitioned);
    },
  );

  it('the cookie has no Max-Age if it is not persistent', () => {
    const { attributes } = taken(createRefreshCookie({ persistent: false }).write(TOKEN, 604_800));
    expect(attributes).toEqual({ path: '/', httponly: '', secure: '', samesite: 'Lax' });
  });

  it.each([
    ['strict', 'Strict'],
    ['lax', 'Lax'],
    ['none', 'None'],
  ] as const)('the option sameSite %s is written as %s', (sameSite, written) => {
    expect(taken(createRefreshCookie({ sameSite }).write('v', 1)).attributes['samesite']).toBe(
      written,
    );
  });

  it('the cookie is plain sess without Secure only if secure is false', () => {
    const { name, attributes } = taken(createRefreshCookie({ secure: false }).write('v', 1));
    expect(name).toBe('sess');
    expect(attributes).toEqual({ path: '/', httponly: '', samesite: 'Lax', 'max-age': '1' });
  });

  it('the prefix is __Secure- for another path than /, which __Host- does not allow [cookies.attributes]', () => {
    const { name, attributes } = taken(
      createRefreshCookie({ path: '/app', name: 'login' }).write('v', 1),
    );
    expect(name).toBe('__Secure-login');
    expect(attributes).toMatchObject({ path: '/app', secure: '' });
    expect(taken(createRefreshCookie({ path: '/app', secure: false }).write('v', 1)).name).toBe(
      'sess',
    );
  });

  it('Max-Age is never negative', () => {
    expect(taken(createRefreshCookie().write('v', -5)).attributes['max-age']).toBe('0');
  });

  it('write throws if name and value have more than 4096 bytes [cookies.size]', () => {
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
    'the removal repeats the attributes of the cookie with %o, and has Max-Age=0 [cookies.cleared]',
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
  ])('there is no refresh cookie in %s [cookies.prefix]', (_, header) => {
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
    'the cookie is not read from %s, because browsers enforce a prefix only in its exact spelling [cookies.prefix]',
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
    'the cookie is not read from a name with %s before it, which a subdomain may set [cookies.prefix]',
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
  ])('the cookie is found in %j', (header, value) => {
    expect(cookie.read(header)).toEqual(found(value));
  });

  it.each([
    ['__Host-sess=a; __Host-sess=b', ['a', 'b']],
    ['__Host-sess=a; __Host-sess=a', ['a', 'a']],
    ['__Host-sess=a; x=y; __Host-sess=', ['a', '']],
    ['__Host-sess=;__Host-sess=', ['', '']],
    ['__Host-sess=a, __Host-sess=b', ['a', 'b']],
    ['__Host-sess=a,x=y,__Host-sess=b; c=d', ['a', 'b']],
    ['__Host-sess=a, x=y; __Host-sess=b', ['a', 'b']],
    ['__Host-sess=a , __Host-sess=b', ['a', 'b']],
  ])('two cookies of one name are reported as duplicates: %s [cookies.twice]', (header, values) => {
    expect(cookie.read(header)).toEqual({ kind: 'duplicate', values });
  });

  it('the cookie is read under the name of its options only', () => {
    expect(createRefreshCookie({ secure: false }).read('__Host-sess=v')).toEqual(NONE);
    expect(createRefreshCookie({ secure: false }).read('sess=v')).toEqual(found('v'));
    expect(createRefreshCookie({ path: '/app' }).read('__Host-sess=a; __Secure-sess=v')).toEqual(
      found('v'),
    );
  });

  it('the cookie is found among other cookies exactly if it is there once', () => {
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
  ])(
    'the cookie is read in time in proportion to the header, with white space within %s',
    (_, header) => {
      // Of the processor, because a busy machine gives this process a part of the time only.
      const before = process.cpuUsage();
      expect(cookie.read(header).kind).toBe('value');
      expect(process.cpuUsage(before).user / 1_000).toBeLessThan(200);
    },
  );

  it('a longer name is not read as the cookie, with a value or without', () => {
    expect(cookie.read('__Host-sessx')).toEqual(NONE);
    expect(cookie.read('__Host-sessx=v')).toEqual(NONE);
    expect(cookie.read('=v')).toEqual(NONE);
  });

  it('a value may contain commas if no cookie of the same name follows one', () => {
    expect(cookie.read('__Host-sess=a,b')).toEqual(found('a,b'));
    expect(cookie.read('__Host-sess=a, other=b')).toEqual(found('a, other=b'));
  });

  it('a value that was written is read back unchanged', () => {
    const { name, value } = taken(cookie.write(TOKEN, 60));
    expect(cookie.read(`${name}=${value}`)).toEqual(found(TOKEN));
  });
});

describe('cookies beside the own one', () => {
  const cleared = (options: CookieOptions, path: string, host?: string) =>
    createRefreshCookie(options)
      .clearOthers({ path, host })
      .map(([, line]) => line.replace(/; HttpOnly.*?SameSite=Lax|; Max-Age=0/g, ''));

  it('are removed from each path that a browser sends with the request', () => {
    expect(cleared({ path: '/app' }, '/app/me')).toEqual([
      '__Secure-sess=; Path=/',
      '__Secure-sess=; Path=/app/',
      '__Secure-sess=; Path=/app/me',
      '__Secure-sess=; Path=/app/me/',
    ]);
  });

  it('are removed from each path in clearPaths, under the name that they had there', () => {
    const cookie = createRefreshCookie({ path: '/app', clearPaths: ['/', '/app', '/api'] });
    expect(cookie.clearOthers()).toEqual([
      ['__Host-sess', '__Host-sess=; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=0'],
      ['__Secure-sess', '__Secure-sess=; Path=/api; HttpOnly; Secure; SameSite=Lax; Max-Age=0'],
    ]);
    expect(createRefreshCookie({ secure: false }).clearOthers()).toEqual([]);
  });

  it('are removed with and without a slash at the end, except the own one', () => {
    expect(cleared({ secure: false, path: '/a' }, '/a/')).toEqual([
      'sess=; Path=/',
      'sess=; Path=/a/',
    ]);
  });

  it('are not expected at empty segments, nor at segments that no cookie path may have', () => {
    const paths = (requested: string) => cleared({ secure: false, path: '/app' }, requested);
    expect(paths('/a//b')).toEqual(
      ['/', '/a', '/a/', '/a//b', '/a//b/'].map((path) => `sess=; Path=${path}`),
    );
    expect(paths('/a/b;c')).toEqual(['/', '/a', '/a/'].map((path) => `sess=; Path=${path}`));
  });

  it('are not expected below the fifth segment', () => {
    const paths = cleared({ secure: false, path: '/app' }, '/1/2/3/4/5/6');
    expect(paths).toHaveLength(1 + 2 * 5);
    expect(paths.at(-1)).toBe('sess=; Path=/1/2/3/4/5/');
  });

  it('are removed from three domains at most, at the root and at the own path', () => {
    expect(cleared({ secure: false, path: '/x' }, '/', 'd.c.b.shop.example')).toEqual([
      'sess=; Path=/',
      ...['d.c.b', 'c.b', 'b'].flatMap((name) => [
        `sess=; Path=/; Domain=${name}.shop.example`,
        `sess=; Path=/x; Domain=${name}.shop.example`,
      ]),
    ]);
  });

  it('are removed from the domains of the host, at the own path too', () => {
    expect(cleared({ secure: false }, '/', 'App.Shop.example:8080')).toEqual([
      'sess=; Path=/; Domain=app.shop.example',
      'sess=; Path=/; Domain=shop.example',
    ]);
  });

  it('are removed only from the domains above a label with a colon, because a port is at the end of a host', () => {
    expect(cleared({ secure: false }, '/', 'a:80b.shop.example')).toEqual([
      'sess=; Path=/; Domain=shop.example',
    ]);
  });

  it.each([
    'localhost',
    '127.0.0.1:80',
    `${'a'.repeat(64)}.example`,
    `shop.${'a'.repeat(64)}`,
    '[::1]:80',
    'a b.example',
    'a.example; Path=/x',
    '',
    '.',
  ])('have no domain below the host %j', (host) => {
    expect(cleared({ secure: false }, '/', host)).toEqual([]);
  });

  it('are not expected with the prefix __Host-, which has one path and no domain', () => {
    expect(cleared({}, '/app/me', 'app.shop.example')).toEqual([]);
    expect(cleared({ clearPaths: ['/api'] }, '/app/me')).toEqual(['__Secure-sess=; Path=/api']);
  });

  it('get at most 20 lines, so that the response fits the buffer of a proxy', () => {
    const host = `${'a.'.repeat(8)}example`;
    expect(cleared({ path: '/app' }, '/a/b/c/d/e/f/g/h', host).length).toBeLessThanOrEqual(20);
  });
});

describe('a wrong cookie option', () => {
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
  ])('the path %j is refused [cookies.injection]', (path) => {
    const refused = refusal({ path });
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain(
      `control character, got ${JSON.stringify(typeof path === 'string' ? path.slice(0, 40) : path)}.`,
    );
  });

  it('a path in an array is refused', () => {
    expect(refusal({ path: ['/'] }).message).toContain('control character, got an array.');
  });

  it('a line break is escaped in the message, so that no log line can be forged', () => {
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
  ])('the name %j is refused [cookies.injection]', (name) => {
    const refused = refusal({ name });
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain('cookie.name: ');
    expect(refused.message).toContain("expected a name of letters, digits, '-' and '_'");
  });

  it.each(['__Host-sess', '__Secure-sess', '__Http-sess'])(
    'the name %j is refused, because the prefix is added automatically',
    (name) => {
      expect(refusal({ name }).message).toContain('without its prefix');
    },
  );

  it.each([
    { list: '/api' },
    { list: ['api'] },
    { list: ['/api', 'x'] },
    { list: ['x', '/api'] },
    { list: [7] },
    { list: [['/api']] },
    { list: null },
  ])('the value of clearPaths is refused if it is not an array of paths: %j', ({ list }) => {
    const refused = refusal({ clearPaths: list });
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain('cookie.clearPaths: expected an array of paths such as ');
  });

  it.each([null, 7, {}])('the name %j is refused, because it is not a string', (name) => {
    expect(refusal({ name }).code).toBe('invalid_option');
  });

  it.each([
    ...['Lax', 'STRICT', 'no', '', true, null, 'lax; Domain=evil.example', 'toString'],
    ...[['lax'], ['none']],
  ])('the value %j of sameSite is refused [cookies.injection]', (sameSite) => {
    const refused = refusal({ sameSite });
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain('expected "lax" or "strict" or "none"');
  });

  it.each([
    ['secure', 'false'],
    ['secure', 0],
    ['secure', null],
    ['persistent', 'no'],
  ])('the option %s refuses %j, which is neither true nor false', (name, value) => {
    const refused = refusal({ [name]: value });
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toBe(
      `cookie.${name}: expected true or false, got ${JSON.stringify(value)}.`,
    );
  });

  it('sameSite none is refused without secure, because browsers ignore such a cookie', () => {
    const refused = refusal({ sameSite: 'none', secure: false });
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toBe(
      "cookie.sameSite: expected 'lax' or 'strict' without secure, got \"none\". Browsers ignore a SameSite=None cookie that is not Secure.",
    );
  });

  it.each([
    [
      { partitioned: true, sameSite: 'lax' },
      'cookie.sameSite: expected \'none\' with partitioned, got "lax". Browsers send a Lax or Strict cookie to no frame of another site.',
    ],
    [
      { partitioned: true, sameSite: 'strict' },
      'cookie.sameSite: expected \'none\' with partitioned, got "strict". Browsers send a Lax or Strict cookie to no frame of another site.',
    ],
    [
      { partitioned: true, secure: false },
      'cookie.partitioned: expected false without secure, got true. Browsers ignore a SameSite=None cookie that is not Secure.',
    ],
    [{ partitioned: 'yes' }, 'cookie.partitioned: expected false or true, got "yes".'],
  ])('the contradiction %j is refused [cookies.partitioned]', (options, message) => {
    const refused = refusal(options);
    expect([refused.code, refused.message]).toEqual(['invalid_option', message]);
  });

  it.each(['samesite', 'httpOnly', 'domain', 'maxAge', 'expires', 'prefix'])(
    'the unknown option %s is refused',
    (name) => {
      const refused = refusal({ [name]: true });
      expect(refused.message).toContain(
        `cookie: there is no option '${name}'. Known are: name, secure, sameSite, partitioned, path, persistent, clearPaths.`,
      );
    },
  );

  it('options that are not an object are refused', () => {
    expect(refusalOf(() => createRefreshCookie('sess' as never)).message).toBe(
      'cookie: expected an object of options, got "sess".',
    );
  });
});
