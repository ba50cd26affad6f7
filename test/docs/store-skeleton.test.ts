import { TOMBSTONE_TTL_MS } from '@sess/core/store';
import { createFakeClock } from '@sess/testkit';
import { storeSuite } from '@sess/testkit/suites';
import { createStore, type Row } from '../../docs/guides/store.js';

storeSuite('the store of the guide', async () => {
  const clock = createFakeClock();
  const rows = new Map<string, Row>();
  const store = createStore({
    async transaction(tag, work) {
      const empty: Row = { live: new Map(), removed: new Map(), revokedBefore: 0, newest: 0 };
      const row = rows.get(tag) ?? empty;
      rows.set(tag, row);
      for (const [id, { at }] of row.removed)
        if (clock.now() >= at + TOMBSTONE_TTL_MS) row.removed.delete(id);
      return work(row, clock.now());
    },
  });
  return {
    store,
    passTime: async (milliseconds) => clock.set(clock.now() + milliseconds),
    close: async () => {},
  };
});
