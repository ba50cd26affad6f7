import { describe, expect, test } from 'vitest';
import { createReplayLog, type ReplayLog } from '../../src/replay/replayer.js';

interface Entry {
  readonly tag: string;
  readonly name: string;
  readonly at: number;
  readonly coversSubject: boolean;
}

const START = 1_700_000_000_000;

function arrange(): { log: ReplayLog<Entry>; add: Add; names: (now?: number) => string[] } {
  const log = createReplayLog<Entry>((entry) => entry);
  let at = START;
  return {
    log,
    add(name, { tag = 'ada', coversSubject = false } = {}) {
      log.add({ tag, name, at, coversSubject });
      at += 1;
    },
    names: (now = START) => log.recent(now).map(({ tag, name }) => `${tag} ${name}`),
  };
}

type Add = (
  name: string,
  options?: { readonly tag?: string; readonly coversSubject?: boolean },
) => void;

describe('a log of revocations', () => {
  test('returns entries in the order of their times', () => {
    const { add, names } = arrange();
    add('one');
    add('two', { tag: 'bob' });
    add('three');
    expect(names()).toEqual(['ada one', 'bob two', 'ada three']);
  });

  test('keeps the newest of two entries with the same subject and name', () => {
    const { add, names } = arrange();
    add('one');
    add('two');
    add('one', { tag: 'bob' });
    add('one');
    expect(names()).toEqual(['ada two', 'bob one', 'ada one']);
  });

  test('drops the earlier entries of a subject that a later one covers, and no others', () => {
    const { add, names } = arrange();
    add('one');
    add('two', { tag: 'bob' });
    add('all', { coversSubject: true });
    add('three');
    expect(names()).toEqual(['bob two', 'ada all', 'ada three']);
  });

  test('drops what a replaced entry has covered', () => {
    const { add, names } = arrange();
    add('one');
    add('all', { coversSubject: true });
    add('two');
    add('all');
    expect(names()).toEqual(['ada two', 'ada all']);
  });

  test('forgets an entry after 60 seconds', () => {
    const { add, names } = arrange();
    add('one');
    add('two');
    expect(names(START + 60_000)).toEqual(['ada two']);
    expect(names(START + 60_001)).toEqual([]);
  });

  test('keeps the newest 64 entries of a subject, where repeated names count once', () => {
    const { add, names } = arrange();
    add('other', { tag: 'bob' });
    for (let n = 0; n < 64; n += 1) add(`n${n}`);
    for (let n = 0; n < 100; n += 1) add('again');
    const kept = names();
    expect(kept.slice(0, 2)).toEqual(['bob other', 'ada n1']);
    expect(kept).toHaveLength(65);
    expect(kept.at(-1)).toBe('ada again');
  });

  test('keeps the newest 10,000 subjects, also while it grows', () => {
    const { add, names } = arrange();
    for (let n = 0; n < 30_000; n += 1) add('one', { tag: `s${n}` });
    const kept = names(START + 30_000);
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([10_000, 's20000 one', 's29999 one']);
  });
});
