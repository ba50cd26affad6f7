import { describe, expect, it } from 'vitest';
import { createBindings, createFormerFamily, createRecord } from '../../../../test/kit.js';
import { decodeAuth, decodeData, encodeAuth, encodeData, formatOf } from '../../src/internal.js';

const NOW = 1_800_000_000_000;
const record = createRecord({ now: NOW });
const life = { idleTtl: 60_000, absoluteTtl: 120_000, persistent: true };
const once = [{ name: '__proto__', value: null, expiresAt: NOW }];

/** What a reader of the first format does with the text of a data part. */
function readFirstFormat(text: string): unknown {
  const [subject, device, data] = JSON.parse(text) as unknown[];
  if (typeof subject !== 'string') throw new TypeError('text');
  return { subject, device, data };
}

describe('the text of a record', () => {
  it('does not grow by members that the session does not have', () => {
    expect(JSON.parse(encodeAuth(record.auth).text)).toHaveLength(10);
    expect(JSON.parse(encodeData(record.data))).toHaveLength(3);
    expect(formatOf(record.data)).toBe(1);
  });

  it('is read as it was written, with every combination of members', () => {
    for (const more of [
      { life },
      { life: { ...life, persistent: false } },
      { guest: true as const },
      { once },
      { stamp: 'c3RhbXA' },
      { once, stamp: 'c3RhbXA' },
      { life, once, guest: true as const },
    ]) {
      const data = { ...record.data, ...more };
      expect(decodeData(JSON.parse(encodeData(data)))).toEqual(data);
    }
    const families = [createFormerFamily(NOW), createFormerFamily(NOW + 1)];
    const bindings = createBindings(NOW).flatMap((binding) => [
      { binding },
      { acr: 'a', former: families, binding },
    ]);
    const proofs = [{ acr: 'a' }, { amr: ['x'] }, { former: families }, { former: [] }];
    for (const more of [...proofs, ...bindings]) {
      const auth = { ...record.auth, ...more };
      const { text, expiresAt } = encodeAuth(auth);
      expect(decodeAuth(JSON.parse(text), expiresAt)).toEqual(auth);
    }
  });

  it('is refused by earlier readers if they would take a guest for a user, or extend a session', () => {
    for (const more of [{ life }, { guest: true as const }]) {
      const data = { ...record.data, ...more };
      expect(formatOf(data)).toBe(2);
      expect(() => readFirstFormat(encodeData(data))).toThrow(TypeError);
    }
  });

  it('is refused if it has a flag that this reader does not know, as a bound session is by earlier ones', () => {
    for (const flags of [8, 16, -1]) {
      const members = JSON.parse(encodeAuth(record.auth).text) as unknown[];
      expect(() => decodeAuth(members.with(9, flags), NOW)).toThrow(TypeError);
    }
    const [binding] = createBindings(NOW);
    const { text } = encodeAuth({ ...record.auth, ...(binding && { binding }) });
    expect((JSON.parse(text) as unknown[])[9]).toBeGreaterThan(3);
  });

  it('is read by earlier readers if the members behind the others can be lost', () => {
    const data = { ...record.data, once };
    expect(formatOf(data)).toBe(1);
    expect(readFirstFormat(encodeData(data))).toMatchObject({ subject: 'ada' });
  });

  it.each([
    ['terms of a later format', [[4], 'ada', [], {}]],
    ['terms without a number', [['1'], 'ada', [], {}]],
    ['terms that name nothing', [[0], 'ada', [], {}]],
    ['an idle time of 0', [[0, 0, 1], 'ada', [], {}]],
    ['no absolute time', [[0, 1], 'ada', [], {}]],
    ['a one-time value without an end', ['ada', [], {}, ['name', 1]]],
    ['a stamp that is no text', ['ada', [], {}, 0, 1]],
    ['a one-time value without a name', ['ada', [], {}, [1, 1, 1]]],
  ])('is not read with %s', (_, value) => {
    expect(() => decodeData(value)).toThrow(TypeError);
  });
});
