import { createSessions } from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import {
  createStatelessSessions,
  generateKey,
  jwt,
  memoryDenylist,
  verifyOnly,
} from '../src/index.js';
import { NAMES } from './engines.js';

/** A clock as an application may write it: its method looks at the object that it belongs to. */
class WallClock {
  readonly #inner = createFakeClock();
  now(): number {
    return this.#inner.now();
  }
}

describe('a clock whose method needs its object', () => {
  it('a clock whose method needs its object works with every kind of engine', async () => {
    const key = await generateKey();
    const [clock, logger] = [new WallClock(), silentLogger];
    const stateless = createStatelessSessions({
      ...NAMES,
      keys: key,
      clock,
      logger,
      denylist: memoryDenylist(),
    });
    const { accessToken } = await stateless.create({ subject: 'ada' });
    expect(await stateless.verify(accessToken)).toMatchObject({ ok: true });

    const jwks = { keys: [{ ...key.publicJwk }] };
    const reading = verifyOnly({ ...NAMES, jwks: jwks as never, clock, logger });
    expect(await reading.verify(accessToken)).toMatchObject({ ok: true });

    const accessToken2 = jwt({ ...NAMES, keys: key, revocation: 'denylist' });
    const stateful = createSessions({ accessToken: accessToken2, clock, logger });
    const issued = await stateful.create({ subject: 'ada' });
    expect(await stateful.verify(issued.accessToken)).toMatchObject({ ok: true });
  });
});
