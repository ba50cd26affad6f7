import { memoryStore } from '@sess/core';
import { createFakeClock, storeSuite } from '@sess/testkit';

storeSuite('memory', async () => {
  const clock = createFakeClock();
  return {
    store: memoryStore({ clock }),
    passTime: async (milliseconds) => clock.set(clock.now() + milliseconds),
    close: async () => {},
  };
});
