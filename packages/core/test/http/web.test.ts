import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathOf } from '../../src/http/web.js';

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
