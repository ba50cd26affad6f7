import { expect } from 'vitest';
import { bearer, type Header, json, type TestHost } from './host.js';

/** A request that an outage concerns: method, path, and the credential that it carries. */
export type ConcernedRequest = readonly ['GET' | 'POST' | 'DELETE', string, Header];

/** Expects 503 for each request, with nothing that would make a client give up its tokens. */
export async function expectOutage(
  host: TestHost,
  requests: readonly ConcernedRequest[],
): Promise<void> {
  for (const [method, path, header] of requests) {
    const answer = await host.send(path, { method, headers: [header] });
    expect([method, path, answer.status]).toEqual([method, path, 503]);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(json(answer)).toMatchObject({ code: 'store_unavailable' });
    expect(answer.setCookies).toEqual([]);
    expect(answer.text).not.toContain('down');
  }
}

/** Expects that requests without credentials that need a lookup are served. */
export async function expectStrangersServed(host: TestHost): Promise<void> {
  expect((await host.send('/public')).status).toBe(200);
  expect((await host.send('/me')).status).toBe(401);
  expect((await host.send('/me', { headers: [bearer('abc')] })).status).toBe(401);
  expect((await host.send('/session/logout', { method: 'POST' })).status).toBe(204);
}
