import { describe, expect, it } from 'vitest';
import { scaled } from '../../../test/fuzzing.js';
import { openEngine, settled } from './engine.js';

const MINUTE = 60_000;
const PAGE = { canRenew: true };
/** Browsers renew when less than this is left. */
const AHEAD_MS = 2 * MINUTE;

/** Numbers between 0 and 1 from a seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A day of a victim whose cookie is copied once. Times in milliseconds. */
async function playDay(
  seed: number,
  every: { readonly thief: number; readonly victim: number },
  isBound: boolean,
) {
  const random = createRandom(seed);
  const engine = openEngine();
  const { sessions, clock } = engine;
  const start = clock.now();
  const seen = { alarmAt: Number.NaN, refused: 0, reuse: 0 };
  sessions.on('unbound-use', () => {
    if (Number.isNaN(seen.alarmAt)) seen.alarmAt = clock.now() - start;
  });
  sessions.on('reuse', () => {
    seen.reuse += 1;
  });

  const issued = await sessions.create({ subject: 'ada' });
  const { sid } = issued.session;
  let cookie = issued.refreshToken;
  let endsAt = Number.POSITIVE_INFINITY;
  if (isBound) {
    const made = await engine.register(cookie);
    cookie = made?.refreshToken ?? '';
    endsAt = made?.expiresAt ?? 0;
  }

  async function visit(): Promise<void> {
    if (clock.now() > endsAt - AHEAD_MS) {
      const renewal = await engine.renew(sid);
      if (renewal.kind === 'renewed') {
        cookie = renewal.cookie.refreshToken;
        endsAt = renewal.cookie.expiresAt;
      }
    }
    const result = await sessions.present(cookie, PAGE);
    if (result.ok) cookie = result.renewal?.refreshToken ?? cookie;
    else seen.refused += 1;
    await settled();
  }

  const copiedAt = random() * 4 * 60 * MINUTE;
  const next = { victim: 0, thief: copiedAt };
  let copy = '';
  let copyEndedAt = 0;
  while (Math.min(next.victim, next.thief) < 8 * 60 * MINUTE) {
    const who = next.victim <= next.thief ? 'victim' : 'thief';
    clock.set(start + next[who]);
    if (who === 'victim') await visit();
    else {
      copy ||= cookie;
      const result = await sessions.present(copy, PAGE);
      if (result.ok) {
        copy = result.renewal?.refreshToken ?? copy;
        copyEndedAt = next.thief;
      }
    }
    next[who] += -Math.log(1 - random()) * every[who];
  }
  return {
    ...seen,
    life: (copyEndedAt - copiedAt) / MINUTE,
    noticed: (seen.alarmAt - copiedAt) / MINUTE,
  };
}

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
const at = (values: readonly number[], share: number): number =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

describe('a thief with a copied cookie', () => {
  it.each([
    ['1 min', '2 min', { thief: MINUTE, victim: 2 * MINUTE }],
    ['5 s', '2 min', { thief: 5_000, victim: 2 * MINUTE }],
    ['10 min', '10 min', { thief: 10 * MINUTE, victim: 10 * MINUTE }],
  ])(
    'who comes every %s, while the victim comes every %s, has it for ten minutes at most',
    async (thief, victim, every) => {
      const days = [];
      for (let seed = 1; seed <= scaled(100); seed += 1)
        days.push(await playDay(seed, every, true));
      const lives = days.map(({ life }) => life);
      const noticed = days.map((day) => day.noticed).filter((time) => !Number.isNaN(time));
      process.stdout.write(
        `bound, thief ${thief}, victim ${victim}: ${days.length} days; copy lives ${at(lives, 0.5).toFixed(1)} (${at(lives, 0.95).toFixed(1)}, at most ${at(lives, 1).toFixed(1)}) min; noticed ${noticed.length} times after ${at(noticed, 0.5).toFixed(1)} (${at(noticed, 0.95).toFixed(1)}) min\n`,
      );
      expect(at(lives, 1)).toBeLessThanOrEqual(10);
      expect(noticed).toHaveLength(days.length);
      // The victim goes on, and is not taken for a thief.
      expect(days.map(({ refused, reuse }) => [refused, reuse])).toEqual(days.map(() => [0, 0]));
    },
  );

  it('keeps the session beyond ten minutes where it is not bound', async () => {
    const every = { thief: MINUTE, victim: 2 * MINUTE };
    const days = [];
    for (let seed = 1; seed <= scaled(20); seed += 1) days.push(await playDay(seed, every, false));
    expect(
      at(
        days.map(({ life }) => life),
        0.5,
      ),
    ).toBeGreaterThan(10);
  });
});
