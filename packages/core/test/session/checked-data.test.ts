import { createFakeClock, silentLogger } from '@sess/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyValue, changes, runs, scaled } from '../../../../test/fuzzing.js';
import { isSessError } from '../../src/errors.js';
import { checkDevice } from '../../src/session/create.js';
import { createSessions } from '../../src/sessions.js';

const LENGTHS = { userAgent: 512, ip: 64, label: 128 } as const;
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

const text = fc.oneof(
  changes.map((change) => change(FIREFOX)),
  fc.string({ unit: 'binary', maxLength: 700 }),
  fc.constantFrom(
    '\ud800',
    '\udfff'.repeat(600),
    `${'x'.repeat(127)}👩‍💻`,
    '\r\nSet-Cookie: a=b',
    '\0',
  ),
);

const device = fc.record(
  {
    userAgent: fc.oneof(text, anyValue),
    ip: fc.oneof(text, anyValue),
    label: fc.oneof(text, anyValue),
    other: anyValue,
    __proto__: fc.constant({ label: 'inherited' }),
  },
  { requiredKeys: [] },
);

describe('a device', () => {
  it('checkDevice keeps three well-formed texts of bounded length for any input', () => {
    fc.assert(
      fc.property(device, (given) => {
        const kept = checkDevice(given as object);
        expect(Object.isFrozen(kept)).toBe(true);
        for (const [name, value] of Object.entries(kept) as [keyof typeof LENGTHS, string][]) {
          expect(value.length).toBeGreaterThan(0);
          expect(value.length).toBeLessThanOrEqual(LENGTHS[name]);
          expect(value.isWellFormed()).toBe(true);
          expect(String(given[name]).toWellFormed().startsWith(value.slice(0, -1))).toBe(true);
        }
      }),
      runs(1_000),
    );
  });

  it('create accepts any input, or rejects it with an error code', async () => {
    const sessions = createSessions({ clock: createFakeClock(), logger: silentLogger });
    const input = fc.oneof(
      anyValue,
      fc.record({ subject: anyValue, data: anyValue, device: anyValue }),
      fc.record({ subject: fc.string({ minLength: 1 }), data: anyValue }),
      fc.record({ subject: fc.string({ minLength: 1 }), device }),
      fc.record({ subject: text, [`${'x'}`]: anyValue }),
    );
    const seen = { taken: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(input, async (given) => {
        try {
          const { session, accessToken } = await sessions.create(given as never);
          seen.taken += 1;
          const result = await sessions.verify(accessToken);
          expect(result).toMatchObject({ ok: true, session: { subject: session.subject } });
          expect(JSON.parse(JSON.stringify(session))).toEqual(session);
        } catch (error) {
          seen.refused += 1;
          expect(isSessError(error)).toBe(true);
        }
      }),
      runs(1_000),
    );
    expect(Math.min(seen.taken, seen.refused)).toBeGreaterThanOrEqual(scaled(50));
  });
});
