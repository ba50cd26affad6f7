import { describe, expect, it } from 'vitest';
import { scaled } from '../../../test/fuzzing.js';
import { describeThieves, measureThieves } from '../src/thieves.js';

const HISTORIES = Math.max(10, scaled(50));

describe('a thief with a copied refresh token', () => {
  it('is found when he alternates with the victim, and not when he keeps within the grace', async () => {
    const reports = await measureThieves({ seed: 1, histories: HISTORIES });
    process.stdout.write(`${describeThieves(reports)}\n`);
    const share = new Map(
      reports.map(({ thief, detected, histories }) => [thief, detected / histories]),
    );
    expect(share.get('once')).toBe(1);
    expect(share.get('alternating')).toBe(1);
    expect(share.get('behind')).toBeGreaterThan(0.95);
    expect(share.get('ahead')).toBeGreaterThan(0.95);
    // What rotation alone cannot see, as its page says.
    expect(share.get('just behind')).toBe(0);
    expect(share.get('just ahead')).toBe(0);
    expect(share.get('ahead, waiting')).toBe(0);
  }, 600_000);
});
