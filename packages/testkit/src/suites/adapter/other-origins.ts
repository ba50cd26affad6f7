import { describe, expect, it } from 'vitest';
import { bearer, json, type Target, useHost } from './host.js';

const PREFLIGHT = [
  ['Origin', 'https://evil.example'],
  ['Access-Control-Request-Method', 'POST'],
] as const;

/** What pages of other origins can read. */
export function describeOtherOrigins(target: Target): void {
  describe('a response of the library', () => {
    it.each([
      ['GET', '/session'],
      ['OPTIONS', '/session'],
      ['POST', '/session/refresh'],
      ['OPTIONS', '/session/refresh'],
      ['GET', '/page'],
    ])(
      'a response of the library to %s %s lets no page of another origin read it [csrf.readable]',
      async (method, path) => {
        const host = await useHost(target);
        const { headers } = await host.send(path, { method, headers: PREFLIGHT });
        expect(Object.keys(headers).filter((name) => /^access-control-/.test(name))).toEqual([]);
      },
    );

    it('a response of the library is JSON although the query names a callback [responses.script]', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const path = '/session?callback=steal&jsonp=steal';
      const answer = await host.send(path, { headers: [bearer(token)] });
      expect(answer.headers['content-type']).toMatch(/^application\/json\b/);
      expect(json(answer)).toBeInstanceOf(Object);
    });
  });
}
