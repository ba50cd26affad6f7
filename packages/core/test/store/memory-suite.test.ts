import { memoryStore } from '@sess/core';
import { createFakeClock } from '@sess/testkit';
import { storeSuite } from '@sess/testkit/suites';

storeSuite('memory', async () => {
  const clock = createFakeClock();
  return {
    store: memoryStore({ clock }),
    passTime: async (milliseconds) => clock.set(clock.now() + milliseconds),
    close: async () => {},
  };
});
