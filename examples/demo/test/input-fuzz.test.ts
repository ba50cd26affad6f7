import { createSessions, isSessError } from '@sess/core';
import { silentLogger } from '@sess/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changes, runs, scaled } from '../../../test/fuzzing.js';
import { readJsonRequest } from '../src/body.js';
import { describeDevice } from '../src/devices.js';
import { readSignIn } from '../src/input.js';
import { Problem } from '../src/problem.js';

const GOOD = JSON.stringify({ user: 'ada', device: 'laptop' });
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

const body: fc.Arbitrary<string | Uint8Array<ArrayBuffer>> = fc.oneof(
  changes.map((change) => change(GOOD)),
  fc.record({ user: fc.jsonValue(), device: fc.jsonValue() }).map((made) => JSON.stringify(made)),
  fc
    .tuple(fc.string({ unit: 'binary' }), fc.json())
    .map(([user, json]) => `{"user":${JSON.stringify(user)},"device":${json},"user":${json}}`),
  fc.nat(30_000).map((depth) => `{"user":"ada","x":${'['.repeat(depth)}${']'.repeat(depth)}}`),
  fc.constantFrom('{"__proto__":{"user":"ada"}}', '{"user":"\\ud800"}', '\ufeff{"user":"ada"}'),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes)),
);

const type = fc.oneof(
  { weight: 5, arbitrary: fc.constant('application/json') },
  { weight: 1, arbitrary: changes.map((change) => change('application/json; charset=utf-8')) },
);

/** Header values that can be sent at all. */
function isSendable(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value) && value.trim() !== '';
}

describe('the body of a sign-in', () => {
  it('every input signs a user in or results in a client error, and in nothing else', async () => {
    const sessions = createSessions({ logger: silentLogger });
    const seen = { signedIn: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(body, type, async (sent, contentType) => {
        fc.pre(isSendable(contentType));
        const request = new Request('http://localhost/login', {
          method: 'POST',
          body: sent,
          headers: { 'Content-Type': contentType },
        });
        try {
          const input = readSignIn(await readJsonRequest(request));
          const { session } = await sessions.create(input);
          seen.signedIn += 1;
          expect(session.subject).toBe(input.subject);
        } catch (error) {
          seen.refused += 1;
          expect(error instanceof Problem || isSessError(error)).toBe(true);
          const { code, status } = error as { code: string; status?: number };
          expect(code).toMatch(/^(invalid_|too_deep$|unsupported_media_type$|body_)/);
          expect(status ?? 400).toBeLessThan(500);
        }
      }),
      runs(800),
    );
    expect(Math.min(seen.signedIn, seen.refused)).toBeGreaterThanOrEqual(scaled(20));
  });

  it('describeDevice returns names in bounded time for any user agent', () => {
    const agent = fc.oneof(
      changes.map((change) => change(FIREFOX)),
      fc.string({ unit: 'binary', maxLength: 512 }),
      fc
        .tuple(fc.constantFrom('Mozilla/5.0 (', '/', ' ', '(;', 'Version/', '1.', 'a'), fc.nat(200))
        .map(([part, times]) => part.repeat(times).slice(0, 512)),
    );
    let slowest = 0;
    fc.assert(
      fc.property(agent, (userAgent) => {
        const before = performance.now();
        const names = describeDevice({ userAgent });
        slowest = Math.max(slowest, performance.now() - before);
        expect(['desktop', 'phone', 'unknown']).toContain(names.kind);
        for (const name of [names.browser, names.system]) expect(name).not.toBe('');
      }),
      runs(1_000),
    );
    expect(slowest).toBeLessThan(250);
  });
});
