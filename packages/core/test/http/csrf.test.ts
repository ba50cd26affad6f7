import { describe, expect, it } from 'vitest';
import { type CsrfOptions, createCsrfCheck } from '../../src/http/csrf.js';
import { refusalOf } from '../refusal.js';
import { exchangeOf } from './exchange-of.js';

const UNSAFE = ['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'];
const SAFE = ['GET', 'HEAD', 'OPTIONS', 'TRACE'];

/** Origins as columns of the tables; the service is https://api.example.com. */
const ORIGINS = {
  absent: undefined,
  own: 'https://api.example.com',
  sister: 'https://app.example.com',
  foreign: 'https://evil.example.net',
  null: 'null',
} as const;

/** `Sec-Fetch-Site` as rows. `other` is a value that no standard knows yet. */
const SITES = {
  absent: undefined,
  'same-origin': 'same-origin',
  none: 'none',
  'same-site': 'same-site',
  'cross-site': 'cross-site',
  other: 'other-planet',
} as const;

type Table = Readonly<Record<keyof typeof SITES, string>>;

/**
 * What may pass with an unsafe method.
 * Columns: no Origin, the own one, a sister subdomain's, a foreign one, `null`.
 */
const TABLES: readonly {
  readonly name: string;
  readonly options: CsrfOptions;
  readonly table: Table;
}[] = [
  {
    name: 'by default',
    options: {},
    table: {
      absent: /*     */ 'pass pass 403  403  403',
      'same-origin': 'pass pass pass pass pass',
      none: /*       */ 'pass pass pass pass pass',
      'same-site': /**/ '403  403  403  403  403',
      'cross-site': /**/ '403  403  403  403  403',
      other: /*      */ '403  403  403  403  403',
    },
  },
  {
    name: 'with allowSameSite',
    options: { allowSameSite: true },
    table: {
      absent: /*     */ 'pass pass 403  403  403',
      'same-origin': 'pass pass pass pass pass',
      none: /*       */ 'pass pass pass pass pass',
      'same-site': /**/ 'pass pass pass pass pass',
      'cross-site': /**/ '403  403  403  403  403',
      other: /*      */ '403  403  403  403  403',
    },
  },
  {
    // A configured origin is trusted by its own word: browsers let no page choose that header.
    name: 'with the sister’s origin configured',
    options: { origins: ['https://app.example.com', 'https://www.example.org:8443'] },
    table: {
      absent: /*     */ 'pass pass pass 403  403',
      'same-origin': 'pass pass pass pass pass',
      none: /*       */ 'pass pass pass pass pass',
      'same-site': /**/ '403  403  pass 403  403',
      'cross-site': /**/ '403  403  pass 403  403',
      other: /*      */ '403  403  pass 403  403',
    },
  },
];

function answer(
  options: CsrfOptions,
  request: {
    method?: string;
    site?: string | undefined;
    origin?: string | undefined;
    host?: string | undefined;
    protocol?: string;
  },
): string {
  const { site, origin, ...rest } = request;
  const exchange = exchangeOf({ ...rest, headers: { 'sec-fetch-site': site, origin } });
  return createCsrfCheck(options)(exchange) ? 'pass' : '403';
}

describe.each(TABLES)('an unsafe request, $name', ({ options, table }) => {
  const rows = Object.keys(SITES) as (keyof typeof SITES)[];

  it.each(rows)(
    'a request with Sec-Fetch-Site %s gets the result of the table [csrf.cross-site, csrf.same-site, csrf.null]',
    (row) => {
      const expected = table[row].split(/ +/);
      Object.values(ORIGINS).forEach((origin, column) => {
        for (const method of UNSAFE) {
          const at = `${method}, Origin ${origin}`;
          expect([at, answer(options, { method, site: SITES[row], origin })]).toEqual([
            at,
            expected[column],
          ]);
        }
      });
    },
  );

  it('the table has a result for each case', () => {
    for (const row of rows)
      expect(table[row].split(/ +/)).toHaveLength(Object.keys(ORIGINS).length);
  });
});

describe.each(SAFE)('a %s request', (method) => {
  it('a %s request passes from any source, because it has no effect [csrf.methods]', () => {
    for (const { options } of TABLES) {
      for (const site of Object.values(SITES)) {
        for (const origin of Object.values(ORIGINS))
          expect(answer(options, { method, site, origin })).toBe('pass');
      }
    }
  });
});

describe('the values of Sec-Fetch-Site', () => {
  it.each([
    'Same-Origin',
    'SAME-ORIGIN',
    'same-origin, cross-site',
    'same-origin same-origin',
    '"same-origin"',
    'same_origin',
    'nil',
  ])('the check compares Sec-Fetch-Site exactly: %j does not pass', (site) => {
    expect(answer({}, { site })).toBe('403');
    expect(answer({ allowSameSite: true }, { site })).toBe('403');
  });
});

describe('a function as csrf.origins', () => {
  const asked: string[] = [];
  const origins = (origin: string): boolean => {
    asked.push(origin);
    return origin === 'https://app.example.com' || origin === 'null';
  };

  it.each([
    ['absent', 'pass pass pass 403  pass'],
    ['same-origin', 'pass pass pass pass pass'],
    ['same-site', '403  403  pass 403  pass'],
    ['cross-site', '403  403  pass 403  pass'],
  ] as const)(
    'the function decides with Sec-Fetch-Site %s, where an Origin was sent and nothing else allows it [csrf.origin]',
    (site, expected) => {
      const results = Object.values(ORIGINS).map((origin) =>
        answer({ origins }, { site: SITES[site], origin }),
      );
      expect(results).toEqual(expected.split(/ +/));
    },
  );

  it('the function gets the header as it was sent, and is not called for the own pages', () => {
    asked.length = 0;
    answer({ origins }, { site: 'same-origin', origin: ORIGINS.own });
    answer({ origins }, { site: 'cross-site' });
    answer({ origins }, { method: 'GET', site: 'cross-site', origin: ORIGINS.foreign });
    expect(asked).toEqual([]);
    answer({ origins }, { site: 'cross-site', origin: 'HTTPS://App.Example.com' });
    expect(asked).toEqual(['HTTPS://App.Example.com']);
  });

  it.each([undefined, 'yes', 1, null, Promise.resolve(true)])(
    'the result %s of the function is an error of the program [csrf.function]',
    (result) => {
      const refused = refusalOf(() =>
        answer({ origins: () => result as never }, { site: 'cross-site', origin: 'null' }),
      );
      expect([refused.code, refused.message]).toEqual([
        'invalid_argument',
        expect.stringMatching(
          /^csrf\.origins: expected the function to return true or false, got /,
        ),
      ]);
    },
  );
});

describe('the own origin, where Sec-Fetch-Site is absent', () => {
  it.each([
    ['https://api.example.com', 'https', 'api.example.com'],
    ['https://api.example.com', 'https', 'API.example.com'],
    ['https://api.example.com', 'https', 'api.example.com:443'],
    ['https://api.example.com:8443', 'https', 'api.example.com:8443'],
    ['http://localhost:3000', 'http', 'localhost:3000'],
    ['http://127.0.0.1', 'http', '127.0.0.1:80'],
    ['http://[::1]:3000', 'http', '[::1]:3000'],
    // Behind a proxy that ends TLS, a request looks like plain HTTP.
    ['https://api.example.com', 'http', 'api.example.com'],
    ['https://xn--bcher-kva.example', 'https', 'xn--bcher-kva.example'],
  ])('the origin %s passes at %s://%s [csrf.origin]', (origin, protocol, host) => {
    expect(answer({}, { origin, protocol, host })).toBe('pass');
  });

  it.each([
    ['another host', 'https://evil.example.net', 'https', 'api.example.com'],
    ['a subdomain', 'https://x.api.example.com', 'https', 'api.example.com'],
    ['the parent domain', 'https://example.com', 'https', 'api.example.com'],
    ['a host that begins the same', 'https://api.example.com.evil.net', 'https', 'api.example.com'],
    ['a host that ends the same', 'https://evilapi.example.com', 'https', 'api.example.com'],
    ['another port', 'https://api.example.com:8443', 'https', 'api.example.com'],
    ['a page server on another port', 'http://localhost:5173', 'http', 'localhost:3000'],
    ['plain HTTP where this side is HTTPS', 'http://api.example.com', 'https', 'api.example.com'],
    ['another scheme', 'ftp://api.example.com', 'https', 'api.example.com'],
    ['an opaque origin', 'null', 'https', 'api.example.com'],
    ['no origin but text', 'api.example.com', 'https', 'api.example.com'],
    ['the host in the user part', 'https://api.example.com@evil.net', 'https', 'api.example.com'],
    ['two origins', 'https://api.example.com https://evil.net', 'https', 'api.example.com'],
    ['an empty header', '', 'https', 'api.example.com'],
    ['a request without host', 'https://api.example.com', 'https', undefined],
    ['a host by the name of what is missing', 'https://undefined', 'https', undefined],
    ['a request whose host is none', 'https://api.example.com', 'https', 'a b'],
  ])('the own origin does not include %s [csrf.origin]', (_, origin, protocol, host) => {
    expect(answer({}, { origin, protocol, host })).toBe('403');
  });
});

describe('configured origins', () => {
  const options = { origins: ['https://app.example.org', 'http://localhost:5173'] };

  it('configured origins are compared exactly, as browsers write them', () => {
    expect(answer(options, { origin: 'https://app.example.org' })).toBe('pass');
    expect(answer(options, { origin: 'http://localhost:5173' })).toBe('pass');
    for (const origin of [
      'http://app.example.org',
      'https://app.example.org:444',
      'https://x.app.example.org',
      'http://localhost',
    ]) {
      expect(answer(options, { origin })).toBe('403');
    }
  });

  it.each(['capacitor://localhost', 'app.example://main', 'tauri://localhost:1420'])(
    'configured origins may have the private scheme of an app: %s',
    (origin) => {
      expect(answer({ origins: [origin] }, { origin })).toBe('pass');
      expect(answer({ origins: [origin] }, { origin: `${origin}x` })).toBe('403');
    },
  );

  it('configured origins leave the own origin trusted', () => {
    expect(answer(options, { origin: ORIGINS.own })).toBe('pass');
  });

  it('configured origins are copied at construction', () => {
    const origins = ['https://app.example.org'];
    const check = createCsrfCheck({ origins });
    origins.push('https://evil.example.net');
    expect(check(exchangeOf({ headers: { origin: 'https://evil.example.net' } }))).toBe(false);
  });

  it.each([
    'https://shop.example.org/login',
    'https://shop.example.org/',
    'https://shop.example.org?a=1',
    'https://user@shop.example.org',
    'shop.example.org',
    '*',
    'https://*.example.org',
    'null',
    '',
    'ftp',
    'data:text/html,x',
    null,
    undefined,
    7,
    ['capacitor://localhost'],
  ])('configured origins refuse %j at construction, with the repair in the message', (origin) => {
    const refused = refusalOf(() => createCsrfCheck({ origins: [origin as string] }));
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain('csrf.origins: ');
    expect(refused.message).toContain('csrf.origins: expected an origin such as ');
    expect(refused.message).toContain("'https://");
  });

  it.each([
    ['https://shop.example.org:443', 'https://shop.example.org'],
    ['https://Shop.Example.org', 'https://shop.example.org'],
    ['http://shop.example.org/', 'http://shop.example.org'],
    ['https://shop.example.org/login', 'https://shop.example.org'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
  ])(
    'configured origins refuse %s, and the message shows how browsers write it: %s',
    (origin, written) => {
      expect(refusalOf(() => createCsrfCheck({ origins: [origin] })).message).toContain(
        `'${written}'`,
      );
    },
  );

  it('configured origins refuse a string in place of an array', () => {
    const refused = refusalOf(() =>
      createCsrfCheck({ origins: 'https://app.example.org' as never }),
    );
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain(
      "csrf.origins: expected an array such as ['https://app.example.com'], or a function",
    );
  });
});

describe('wrong CSRF options', () => {
  it.each(['allowSamesite', 'origin', 'trustedOrigins', 'enabled'])(
    'the misspelt option %s is refused by name',
    (name) => {
      const refused = refusalOf(() => createCsrfCheck({ [name]: true } as CsrfOptions));
      expect(refused.code).toBe('invalid_option');
      expect(refused.message).toContain(
        `csrf: there is no option '${name}'. Known are: allowSameSite, origins.`,
      );
    },
  );

  it.each(['true', 1, null])('the value %j of allowSameSite is refused', (value) => {
    const refused = refusalOf(() => createCsrfCheck({ allowSameSite: value as never }));
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain('csrf.allowSameSite');
  });

  it('the value false in place of the options does not switch the check off', () => {
    expect(refusalOf(() => createCsrfCheck(false as never)).message).toBe(
      'csrf: expected an object of options, got false.',
    );
  });
});
