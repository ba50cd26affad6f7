import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../src/http/exchange.js';
import { canRenew, isNavigation } from '../../src/http/fetch-metadata.js';

const request = (headers: Record<string, string>): Exchange =>
  ({ header: (name: string) => headers[name] }) as Exchange;

describe('canRenew', () => {
  it.each(['document', 'iframe', 'frame', 'fencedframe', 'empty'])(
    'is true for the destination %s, whose response a page gets',
    (destination) => {
      expect(canRenew(request({ 'sec-fetch-dest': destination }))).toBe(true);
    },
  );

  it('is true for a client that sends no Fetch Metadata', () => {
    expect(canRenew(request({}))).toBe(true);
  });

  it.each([
    'image',
    'video',
    'audio',
    'font',
    'style',
    'script',
    'manifest',
    'worker',
    'serviceworker',
    'object',
    'embed',
    'track',
    'xslt',
    '',
  ])('is false for the destination %j', (destination) => {
    expect(canRenew(request({ 'sec-fetch-dest': destination }))).toBe(false);
  });

  it.each([
    { 'sec-purpose': 'prefetch' },
    { 'sec-purpose': 'prefetch;prerender' },
    { purpose: 'prefetch' },
  ])('is false for a prefetch: %j', (headers) => {
    expect(canRenew(request({ 'sec-fetch-dest': 'document', ...headers }))).toBe(false);
  });

  it('is true for another purpose than a prefetch', () => {
    expect(canRenew(request({ 'sec-purpose': 'preview' }))).toBe(true);
  });

  it('is false for an upgrade', () => {
    expect(canRenew(request({ upgrade: 'websocket' }))).toBe(false);
  });

  it('is false where no header of the response can be set: the new cookie would be lost', () => {
    expect(canRenew({ ...request({}), isReadOnly: true })).toBe(false);
    expect(canRenew({ ...request({}), isReadOnly: false })).toBe(true);
  });
});

describe('isNavigation', () => {
  it('isNavigation reads Sec-Fetch-Mode, and Accept where that is missing', () => {
    expect(isNavigation(request({ 'sec-fetch-mode': 'navigate' }))).toBe(true);
    expect(isNavigation(request({ 'sec-fetch-mode': 'cors', accept: 'text/html' }))).toBe(false);
    expect(isNavigation(request({ accept: 'text/html,application/xhtml+xml' }))).toBe(true);
    expect(isNavigation(request({ accept: 'application/json' }))).toBe(false);
    expect(isNavigation(request({}))).toBe(false);
  });
});
