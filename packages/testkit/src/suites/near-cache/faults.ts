import { describe, expect, it } from 'vitest';
import type { CurrentNearCache } from './harness.js';
import { BOUND_MS, type OpenStore, openNear, openPlain, pause } from './opened.js';

/** Returns the milliseconds after which the session was last served from memory. */
async function lastServed(near: OpenStore, sid: string): Promise<number> {
  const since = performance.now();
  let last = 0;
  for (;;) {
    const elapsed = performance.now() - since;
    if (near.has(sid)) last = elapsed;
    // Longer than the bound, so that a channel that is trusted for too long shows.
    if (elapsed > BOUND_MS + 1_000) return last;
    await pause(5);
  }
}

/** A channel that is silent, slow, cut or ended, and reads that a change overtakes. */
export function describeFaults(current: CurrentNearCache): void {
  describe('while changes do not arrive', () => {
    it('serves from memory for the bound and no longer if the channel is silent', async () => {
      const near = await openNear(current(), { through: 'channel' });
      const other = await openPlain(current());
      const [gone, kept] = [await other.insert('ada'), await other.insert('bob')];
      await near.fill(gone.sid);
      await near.fill(kept.sid);
      current().link.silence();
      await other.remove(gone.sid);
      expect(await lastServed(near, gone.sid)).toBeLessThan(BOUND_MS);
      await near.load(kept.sid);
      expect(near.has(kept.sid)).toBe(false);
      expect(await near.load(gone.sid)).toBeUndefined();
      // The silence goes on: only a new connection helps.
      current().bypass();
      await near.fill(kept.sid);
      await other.remove(kept.sid);
      await near.forgotten(kept.sid);
    });

    it('serves from memory for the bound and no longer if all connections are silent', async () => {
      const near = await openNear(current(), { through: 'both' });
      const other = await openPlain(current());
      const [gone, kept] = [await other.insert('ada'), await other.insert('bob')];
      await near.fill(gone.sid);
      await near.fill(kept.sid);
      current().link.silence();
      await other.remove(gone.sid);
      expect(await lastServed(near, gone.sid)).toBeLessThan(BOUND_MS);
      await current().link.pass();
      await near.fill(kept.sid);
      expect(near.has(gone.sid)).toBe(false);
    });

    it('forgets everything if the channel is cut, and fills when it is back', async () => {
      const near = await openNear(current(), { through: 'channel' });
      const other = await openPlain(current());
      const { sid } = await other.insert('ada');
      await near.fill(sid);
      current().link.refuse();
      current().link.cut();
      await near.forgotten(sid);
      expect(await near.load(sid)).toMatchObject({ sid });
      expect(near.has(sid)).toBe(false);
      await current().link.pass();
      await near.fill(sid);
      await other.remove(sid);
      await near.forgotten(sid);
    });

    it('forgets everything if the server ends the channel, and fills again', async () => {
      const near = await openNear(current());
      const other = await openPlain(current());
      const { sid } = await other.insert('ada');
      await near.fill(sid);
      await current().dropChannels();
      await near.forgotten(sid);
      await near.fill(sid);
      await other.remove(sid);
      await near.forgotten(sid);
    });

    it('trusts a channel that is slower than the bound no more than a silent one', async () => {
      const near = await openNear(current(), { through: 'channel' });
      const other = await openPlain(current());
      const { sid } = await other.insert('ada');
      await near.fill(sid);
      current().link.delay(BOUND_MS + 1_000);
      await other.remove(sid);
      expect(await lastServed(near, sid)).toBeLessThan(BOUND_MS);
      const later = await other.insert('ada');
      for (let n = 0; n < 20; n += 1) {
        await near.load(later.sid);
        expect(near.has(later.sid)).toBe(false);
        await pause(100);
      }
      await current().link.pass();
      await near.fill(later.sid);
    });

    it('serves every call from the server if the channel cannot be opened', async () => {
      current().link.refuse();
      const near = await openNear(current(), { through: 'channel' });
      const other = await openPlain(current());
      for (let n = 0; n < 20; n += 1) {
        const { sid } = await near.insert(`user ${n}`);
        expect(await near.load(sid)).toMatchObject({ sid });
        await other.remove(sid);
        expect(await near.load(sid)).toBeUndefined();
      }
    });
  });

  describe('a read that has been sent', () => {
    it('is not kept if its session changes before it returns', async () => {
      const near = await openNear(current(), { through: 'client' });
      const other = await openPlain(current());
      const [record, stranger] = [await other.insert('ada'), await other.insert('bob')];
      await near.fill(stranger.sid);
      await near.fill(record.sid);
      current().link.delay(300);
      const reading = near.load(record.sid);
      // The server reads it now, and the reply arrives after the change is known.
      await pause(50);
      await other.change(record);
      await near.forgotten(record.sid);
      const read = await reading;
      expect(read).toMatchObject({ sid: record.sid });
      if (read?.dataVersion === 1) expect(near.has(record.sid)).toBe(false);
      await current().link.pass();
      await near.fill(record.sid);
      expect(near.store.getCached?.(record.sid)?.dataVersion).toBe(2);
    });

    it('is not kept if the channel ended before it returned', async () => {
      const near = await openNear(current(), { through: 'client' });
      const other = await openPlain(current());
      const { sid } = await other.insert('ada');
      const warm = await other.insert('bob');
      await near.fill(warm.sid);
      current().link.delay(300);
      const reading = near.load(sid);
      await current().dropChannels();
      await near.forgotten(warm.sid);
      expect(await reading).toMatchObject({ sid });
      expect(near.has(sid)).toBe(false);
      await current().link.pass();
      await near.fill(sid);
    });
  });
}
