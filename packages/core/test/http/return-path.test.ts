import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../src/http/exchange.js';
import { safeReturn, signInLocation } from '../../src/http/return-path.js';

describe('safeReturn', () => {
  it.each([
    '/',
    '/page',
    '/page?a=1&b=%2F%2Fx',
    '/a/b#part',
    '/~user/',
    '/x//y',
    '/a:b',
    '/%5Cevil',
    `/${'a'.repeat(1_499)}`,
  ])('returns the local path %j as it is', (text) => {
    expect(safeReturn(text)).toBe(text);
  });

  it.each([
    undefined,
    null,
    7,
    '',
    'page',
    'page/part',
    '/a\\b',
    '/a\tb',
    '/a\u0085b',
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '\t//evil.example',
    ' //evil.example',
    '/.//evil.example',
    '/x/..//evil.example',
    '/x/%2e%2e//evil.example',
    '/a\\..\\\\evil.example',
    'javascript:alert(1)',
    `/${'a'.repeat(1_500)}`,
  ])('refuses %j', (text) => {
    expect(safeReturn(text)).toBeUndefined();
  });

  it('never returns a text that a browser resolves to another origin', () => {
    const part = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      'evil.example',
      ':',
      '@',
      '\t',
      '\n',
      '?',
      '#',
      '%2f',
      '%5c',
      'a',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const kept = safeReturn(`/${parts.join('')}`);
        if (kept === undefined) return;
        const once = new URL(kept, 'https://app.example');
        expect(once.origin).toBe('https://app.example');
        // A server that normalises the path before it redirects must not leave the site either.
        expect(new URL(once.pathname, 'https://app.example').origin).toBe('https://app.example');
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('signInLocation', () => {
  const request = (given: Partial<Exchange>): Exchange =>
    ({ method: 'GET', path: '/page', query: '', ...given }) as Exchange;

  it('adds the path and the query of a page that was asked for', () => {
    expect(signInLocation('/login', request({}))).toBe('/login?return_to=%2Fpage');
    expect(signInLocation('/login', request({ method: 'HEAD' }))).toBe('/login?return_to=%2Fpage');
    expect(signInLocation('/login?lang=de', request({ query: 'a=1&b=2' }))).toBe(
      '/login?lang=de&return_to=%2Fpage%3Fa%3D1%26b%3D2',
    );
  });

  it('leaves out the path of a form, of a path that names a host, and one that is too long', () => {
    expect(signInLocation('/login', request({ method: 'POST' }))).toBe('/login');
    expect(signInLocation('/login', request({ path: '//evil.example' }))).toBe('/login');
    const longest = 1_500 - '/login?return_to=%2F'.length;
    const target = (length: number) => request({ path: `/${'a'.repeat(length)}` });
    expect(signInLocation('/login', target(longest))).toHaveLength(1_500);
    expect(signInLocation('/login', target(longest + 1))).toBe('/login');
  });
});
