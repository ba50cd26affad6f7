import { env } from 'node:process';
import { describe, expect, it } from 'vitest';
import { scaled } from '../../../test/fuzzing.js';
import {
  describeCookieThieves,
  describePageLoads,
  measureCookieThieves,
  measurePageLoads,
  type NetworkName,
} from '../src/index.js';

/** A thousand at full scale; SESS_SCALE=1000 makes a million. */
const HISTORIES = Math.max(30, scaled(1_000));
const SEED = Number(env['SESS_SIMULATION_SEED'] ?? 1);
const PATIENCE = 6 * 3_600_000;
const MINUTE = 60_000;

describe('pages that are loaded by the session cookie', () => {
  it.each(['mobile', 'bad'] as const)(
    'honest sessions on the network "%s" end in no history, while exchanges stay below the overlap [cookie.honest]',
    async (network: NetworkName) => {
      const report = await measurePageLoads({ network, seed: SEED, histories: HISTORIES });
      process.stdout.write(`${describePageLoads(report)}\n`);
      expect(report.renewals).toBeGreaterThan(HISTORIES);
      expect(report).toMatchObject({ ended: 0, seeds: [] });
    },
    PATIENCE,
  );

  it(
    'honest sessions on the network "awful", whose exchanges take up to 8 minutes, rarely end',
    async () => {
      const report = await measurePageLoads({ network: 'awful', seed: SEED, histories: HISTORIES });
      process.stdout.write(`${describePageLoads(report)}\n`);
      expect(report.ended).toBeLessThan(1 + HISTORIES / 50);
    },
    PATIENCE,
  );

  it(
    'a cookie that is renewed each minute and spent immediately signs people out, which is why neither is the default',
    async () => {
      const options = { renewAfter: '1m', overlap: '10s' } as const;
      const histories = Math.min(HISTORIES, 100);
      const report = await measurePageLoads({ network: 'bad', seed: SEED, histories, options });
      process.stdout.write(`${describePageLoads(report, 'renewAfter 1m, overlap 10s')}\n`);
      expect(report.ended).toBeGreaterThan(0);
    },
    PATIENCE,
  );
});

describe('a thief with a copy of the session cookie', () => {
  it.each([
    [MINUTE, 2 * MINUTE],
    [MINUTE / 12, 2 * MINUTE],
    [10 * MINUTE, 10 * MINUTE],
  ])(
    'a thief who loads a page each %i ms beside a victim who does so each %i ms is found [cookie.reuse]',
    async (thief, victim) => {
      const histories = Math.max(20, scaled(200));
      const report = await measureCookieThieves({
        thief,
        victim,
        renewAfter: '15m',
        seed: SEED,
        histories,
      });
      process.stdout.write(`${describeCookieThieves(report)}\n`);
      expect(report.found).toBe(histories);
    },
    PATIENCE,
  );
});
