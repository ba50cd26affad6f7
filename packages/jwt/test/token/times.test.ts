import { createFakeClock } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { arrangeReader, outcomeOf, testKey, tokenOf } from '../arrange.js';

const SECOND = 1_000;
const START = createFakeClock().now();
/** In seconds, as claims are. */
const NOW = START / SECOND;

/** With and without the cache, and by a key that answers at once and one that does not. */
const MODES = [
  { alg: 'HS256', maxRemembered: 0 },
  { alg: 'HS256', maxRemembered: 10 },
  { alg: 'ES256', maxRemembered: 0 },
  { alg: 'ES256', maxRemembered: 10 },
] as const;

describe.each(MODES)(
  'the times of a token: $alg, $maxRemembered remembered',
  ({ alg, maxRemembered }) => {
    it.each([0, 1, 60, 300])(
      'end it at exp and %i seconds of leeway, and not before [jwt.leeway]',
      async (leeway) => {
        const by = await testKey(alg);
        const { read, clock } = arrangeReader(by.key, { leeway: leeway * SECOND, maxRemembered });
        const token = tokenOf(by, { claims: { exp: NOW + 600 } });
        const outcomeAt = async (moment: number) => {
          clock.set(moment);
          return outcomeOf(await read(token));
        };
        const end = START + (600 + leeway) * SECOND;
        expect(await outcomeAt(START)).toBe('accepted');
        expect(await outcomeAt(end - SECOND)).toBe('accepted');
        expect(await outcomeAt(end - 1)).toBe('accepted');
        expect(await outcomeAt(end)).toBe('expired');
        expect(await outcomeAt(end + SECOND)).toBe('expired');
        // A clock that is put back makes it good again, for it is the clock that counts.
        expect(await outcomeAt(end - 1)).toBe('accepted');
      },
    );

    it.each([0, 1, 60, 300])(
      'begin it at nbf less %i seconds of leeway, and not before [jwt.leeway]',
      async (leeway) => {
        const by = await testKey(alg);
        const { read, clock } = arrangeReader(by.key, { leeway: leeway * SECOND, maxRemembered });
        const nbf = NOW + 400;
        const token = tokenOf(by, { claims: { nbf, exp: NOW + 600 } });
        const outcomeAt = async (moment: number) => {
          clock.set(moment);
          return outcomeOf(await read(token));
        };
        const begin = nbf * SECOND - leeway * SECOND;
        expect(await outcomeAt(begin - SECOND)).toBe('unknown');
        expect(await outcomeAt(begin - 1)).toBe('unknown');
        expect(await outcomeAt(begin)).toBe('accepted');
        expect(await outcomeAt(begin + SECOND)).toBe('accepted');
        // It was remembered by now; the clock is put back.
        expect(await outcomeAt(begin - 1)).toBe('unknown');
      },
    );

    it('end it with a fraction of a second where exp has one', async () => {
      const by = await testKey(alg);
      const { read, clock } = arrangeReader(by.key, { maxRemembered });
      const token = tokenOf(by, { claims: { exp: NOW + 0.25 } });
      clock.set(START + 249);
      expect(outcomeOf(await read(token))).toBe('accepted');
      clock.set(START + 250);
      expect(outcomeOf(await read(token))).toBe('expired');
    });

    it('say whose token it was that has run out, and nothing of one that is not genuine', async () => {
      const by = await testKey(alg);
      const { read, clock } = arrangeReader(by.key, { maxRemembered });
      const token = tokenOf(by);
      clock.advance('1h');
      expect(await read(token)).toMatchObject({
        ok: false,
        reason: 'expired',
        sid: 'S'.repeat(32),
        digest: 'token-1',
      });
      const forged = `${token.slice(0, -5)}${token.slice(-5) === 'AAAAA' ? 'BAAAA' : 'AAAAA'}`;
      expect(await read(forged)).not.toHaveProperty('sid');
    });
  },
);
