import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changes, runs, scaled } from '../../../../test/fuzzing.js';
import { createRecord } from '../../../../test/kit.js';
import { decodeRecord, encodeRecord } from '../../src/store/codec.js';

const NOW = 1_800_000_000_000;
const record = createRecord({ now: NOW, subject: 'ada' });
const text = encodeRecord(record);

/** JSON for a place in a stored value where something else belongs. */
const otherJson = fc.oneof(
  fc.constantFrom('1e400', '-1', '0.5', '9007199254740993', 'null', '[]', '{}', '""', 'true'),
  fc.constantFrom('"\\ud800"', '"\\u0000"', '{"__proto__":{"a":1}}', '"é"', '4294967295'),
  fc.json(),
);

/** The value with one of its JSON tokens replaced, and a header that is right again. */
const replaced = fc.tuple(fc.nat(), otherJson).map(([place, json]) => {
  const [, head = '', rest = ''] = /^((?:\d+:){5})\d+:(.*)$/s.exec(text) ?? [];
  const length = Number(/(\d+):\[/.exec(text)?.[1]);
  const tokens: readonly string[] =
    rest.match(/"(?:\\.|[^"\\])*"|-?\d+|null|true|false|[[\]{},:]/g) ?? [];
  const values = tokens.flatMap((token, n) => (/^["\d-]|^[a-z]/.test(token) ? [n] : []));
  const at = values[place % values.length] ?? 0;
  const start = tokens.slice(0, at).join('').length;
  const auth = start < length ? length + json.length - (tokens[at] ?? '').length : length;
  return `${head}${auth}:${tokens.with(at, json).join('')}`;
});

const stored = fc.oneof(
  { weight: 4, arbitrary: replaced },
  { weight: 3, arbitrary: changes.map((change) => change(text)) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
);

describe('a stored value that was changed', () => {
  it('is not there, or a record in which every part has its type', () => {
    const seen = { absent: 0, record: 0 };
    fc.assert(
      fc.property(stored, (value) => {
        const read = decodeRecord(record.sid, value);
        seen[read === undefined ? 'absent' : 'record'] += 1;
        if (read === undefined) return;
        const { auth, data, ...header } = read;
        const numbers = [header.createdAt, header.authVersion, header.dataVersion];
        const times = [auth.expiresAt, auth.authenticatedAt, auth.lastUsedAt];
        const entries = auth.access.map(({ expiresAt }) => expiresAt);
        const spent = auth.steps.map(({ spentAt = 0 }) => spentAt);
        for (const number of [...numbers, ...times, ...entries, ...spent, auth.absoluteExpiresAt])
          expect(Number.isFinite(number)).toBe(true);
        for (const count of [auth.generation, auth.accessCount]) {
          expect(Number.isInteger(count) && count >= 0 && count < 0xffffffff).toBe(true);
        }
        const texts = [data.subject, auth.family, auth.refresh, ...auth.steps.map((s) => s.salt)];
        for (const part of [...texts, ...auth.access.map(({ digest }) => digest)])
          expect(typeof part).toBe('string');
        for (const part of Object.values(data.device)) expect(typeof part).toBe('string');
        expect(auth.steps.length).toBeGreaterThan(0);
        expect(typeof data.data).toBe('object');
        expect(Object.isFrozen(data.data)).toBe(true);
        expect(read.sid).toBe(record.sid);
        // What is read is what is written: nothing of it is invented. Texts are compared, for JSON has no infinity.
        const again = decodeRecord(record.sid, encodeRecord(read));
        expect(JSON.stringify(again)).toBe(JSON.stringify(read));
      }),
      runs(3_000),
    );
    expect(Math.min(seen.absent, seen.record)).toBeGreaterThanOrEqual(scaled(100));
  });

  it('an unchanged stored value is decoded completely', () => {
    expect(decodeRecord(record.sid, text)).toEqual(record);
  });
});
