import { describe, expect, it, vi } from 'vitest';
import { createRecord } from '../../../../test/kit.js';
import { decodeRecord, encodeRecord } from '../../src/record/codec.js';
import { createRecentDecode } from '../../src/record/recent.js';

describe('decoding what was read lately', () => {
  const arrange = () => {
    const decode = vi.fn(decodeRecord);
    return { decode, recent: createRecentDecode(decode) };
  };

  it('decodes one text once, and every other text anew', () => {
    const { decode, recent } = arrange();
    const record = createRecord({ now: 1_700_000_000_000 });
    const [before, after] = [record, { ...record, authVersion: 2 }].map(encodeRecord) as [
      string,
      string,
    ];
    expect(recent(record.sid, before)).toEqual(record);
    expect(recent(record.sid, before)).toEqual(record);
    expect(decode).toHaveBeenCalledTimes(1);
    expect(recent(record.sid, after)?.authVersion).toBe(2);
    // What came back, as after a failover, is as it was.
    expect(recent(record.sid, before)?.authVersion).toBe(1);
  });

  it('keeps sessions apart that hold the same text', () => {
    const { recent } = arrange();
    const record = createRecord({ now: 1_700_000_000_000 });
    const text = encodeRecord(record);
    expect([recent('one', text)?.sid, recent('two', text)?.sid]).toEqual(['one', 'two']);
  });

  it('does not take the record for text that cannot be read', () => {
    const { recent } = arrange();
    const record = createRecord({ now: 1_700_000_000_000 });
    recent(record.sid, encodeRecord(record));
    expect(recent(record.sid, encodeRecord(record).slice(0, -1))).toBeUndefined();
  });

  it('forgets the oldest, so that it does not grow', () => {
    const { decode, recent } = arrange();
    const text = encodeRecord(createRecord({ now: 1_700_000_000_000 }));
    for (let n = 0; n <= 1_024; n += 1) recent(`sid ${n}`, text);
    recent('sid 1', text);
    expect(decode).toHaveBeenCalledTimes(1_025);
    recent('sid 0', text);
    expect(decode).toHaveBeenCalledTimes(1_026);
  });
});
