import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathOf, readBodyText, WebExchange } from '../../src/http/web.js';

/** An exchange as an adapter makes it, with its protected members shown. */
class Shown extends WebExchange {
  readonly #headers: Readonly<Record<string, string>>;
  firstChanges = 0;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    super({ method: 'GET', url }, 'sessions');
    this.#headers = headers;
  }

  header(name: string): string | undefined {
    return this.#headers[name];
  }

  get setsCookie(): boolean {
    return this.hasCookie;
  }

  send(): boolean {
    return this.close();
  }

  changed(present: Record<string, string>): Record<string, string> {
    const headers = new Headers(present);
    this.change(headers);
    return Object.fromEntries(headers);
  }

  protected override onFirstChange(): void {
    this.firstChanges += 1;
  }
}

const plain = () => new Shown('http://localhost/');
const bytesOf = (text: string) => new TextEncoder().encode(text);

async function* bodyOf(...pieces: readonly (string | Uint8Array)[]) {
  for (const piece of pieces) yield typeof piece === 'string' ? bytesOf(piece) : piece;
}

const ODD = [
  'http://localhost/',
  'http://localhost/?',
  'http://localhost/?a=b?c=/d',
  'http://localhost/a?b#c?d',
  'http://localhost/a#b?c',
  'http://localhost/#/a?b',
  'http://user:pass@[::1]:8080//a/b;c=d/%2F?x=%3F#/y',
  'https://example.com/http://other/path?next=http://third/',
];

describe('the path of a URL', () => {
  it.each(ODD)('pathOf returns the same path as parsing: %s', (text) => {
    const url = new URL(text);
    expect(pathOf(url.href)).toBe(url.pathname);
  });

  it('pathOf returns the same path as parsing, for any URL', () => {
    const part = fc.string({ unit: fc.constantFrom(...'/?#:@.%2Fa=&;\\ é'), maxLength: 30 });
    fc.assert(
      fc.property(fc.webAuthority({ withPort: true }), part, (authority, rest) => {
        const text = `http://${authority}/${rest}`;
        fc.pre(URL.canParse(text));
        const url = new URL(text);
        expect(pathOf(url.href)).toBe(url.pathname);
      }),
    );
  });
});

describe('the request of a WebExchange', () => {
  it('WebExchange reads the path, the query, the protocol and the host of the URL', () => {
    const { requestedPath, query, protocol, host } = new Shown('https://a.example:8443/b/c?d=e&f');
    expect({ requestedPath, query, protocol, host }).toEqual({
      requestedPath: '/b/c',
      query: 'd=e&f',
      protocol: 'https',
      host: 'a.example:8443',
    });
  });

  it.each(['http://localhost/a', 'http://localhost/a?', 'http://localhost/a#?b'])(
    'WebExchange returns an empty query for %s',
    (url) => expect(new Shown(url).query).toBe(''),
  );

  it.each([
    'Bearer a',
    'Digest a=b, c="d"',
    'Digest a="b, Bearer c", d = e',
    String.raw`Digest a="b\", Bearer c"`,
  ])('WebExchange returns one Authorization line for %s', (authorization) => {
    expect(new Shown('http://localhost/', { authorization }).authorization()).toEqual([
      authorization,
    ]);
  });

  it.each([
    ['Bearer a, Bearer b', ['Bearer a', 'Bearer b']],
    ['Basic YTpi, Bearer a', ['Basic YTpi', 'Bearer a']],
    ['Bearer a,', ['Bearer a', '']],
    ['Digest a=b, c=d, Bearer e', ['Digest a=b', 'c=d', 'Bearer e']],
  ])('WebExchange takes %j apart, so that a second credential is seen', (authorization, lines) => {
    const exchange = new Shown('http://localhost/', { authorization });
    expect(exchange.authorization().map((line) => line.trim())).toEqual(lines);
  });

  it('WebExchange returns no Authorization line if none was sent', () => {
    expect(plain().authorization()).toEqual([]);
  });
});

describe('the response of a WebExchange', () => {
  it('WebExchange adds to the Vary of the application', () => {
    const exchange = plain();
    exchange.vary('Origin');
    expect(exchange.changed({ vary: 'Accept' })).toEqual({ vary: 'Accept, Origin' });
    expect(exchange.changed({})).toEqual({ vary: 'Origin' });
  });

  it('WebExchange shows that a cookie is set, and not for other headers', () => {
    const exchange = plain();
    exchange.setHeader('X-Own', '1');
    expect(exchange.setsCookie).toBe(false);
    exchange.setCookie('sess', 'sess=a');
    expect(exchange.setsCookie).toBe(true);
  });

  it('WebExchange calls onFirstChange before the first change, and not before later ones', () => {
    const exchange = plain();
    expect(exchange.firstChanges).toBe(0);
    for (const name of ['X-One', 'X-Two', 'X-Three']) {
      exchange.setHeader(name, '1');
      expect(exchange.firstChanges).toBe(1);
    }
  });

  it('WebExchange returns on closing whether there is a change to make', () => {
    const exchange = plain();
    expect(exchange.send()).toBe(false);
    const changed = plain();
    changed.setHeader('X-Own', '1');
    expect(changed.send()).toBe(true);
  });

  it('WebExchange refuses a cookie and a header once it is closed, and names what was called', () => {
    const exchange = plain();
    exchange.send();
    const refused = expect.objectContaining({
      code: 'answer_sent',
      message: expect.stringMatching(/^sessions: /),
    });
    expect(() => exchange.setCookie('sess', 'sess=a')).toThrow(refused);
    expect(() => exchange.setHeader('X-Own', '1')).toThrow(refused);
    expect(exchange.changed({})).toEqual({});
  });

  it('WebExchange ignores a choice of caching and a Vary once it is closed', () => {
    const exchange = plain();
    exchange.send();
    exchange.chooseCaching(() => 'no-store');
    exchange.vary('Origin');
    const present = { 'cdn-cache-control': 'max-age=60' };
    expect(exchange.changed(present)).toEqual(present);
  });
});

describe('readBodyText', () => {
  it('readBodyText reads text in any number of pieces, split within a character too', async () => {
    const bytes = bytesOf('Žofie');
    expect(await readBodyText(bodyOf(bytes))).toBe('Žofie');
    expect(await readBodyText(bodyOf(bytes.subarray(0, 1), bytes.subarray(1)))).toBe('Žofie');
  });

  it('readBodyText returns an empty text if there is no body, or an empty one', async () => {
    expect(await readBodyText(null)).toBe('');
    expect(await readBodyText(bodyOf(''))).toBe('');
  });

  it('readBodyText refuses a body that is not UTF-8, also one that ends within a character', async () => {
    await expect(readBodyText(bodyOf(Uint8Array.of(0xff)))).rejects.toThrow(TypeError);
    await expect(readBodyText(bodyOf('a', Uint8Array.of(0xc5)))).rejects.toThrow(TypeError);
  });

  it('readBodyText accepts exactly 100 kB, and refuses any further byte', async () => {
    const text = 'x'.repeat(102_400);
    expect(await readBodyText(bodyOf(text))).toBe(text);
    await expect(readBodyText(bodyOf(text, 'x'))).rejects.toThrow(RangeError);
    await expect(readBodyText(bodyOf(text, Uint8Array.of(0xff)))).rejects.toThrow(RangeError);
  });

  it('readBodyText reads a body that is too long to its end, so that the connection stays open for the response', async () => {
    let pieces = 0;
    async function* long() {
      for (; pieces < 40; pieces += 1) yield new Uint8Array(10_000);
    }
    await expect(readBodyText(long())).rejects.toThrow(RangeError);
    expect(pieces).toBe(40);
  });
});
