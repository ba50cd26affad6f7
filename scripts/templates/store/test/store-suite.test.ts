import { setTimeout as sleep } from 'node:timers/promises';
import { storeSuite } from '@sess/testkit';
import { __camel__Store } from '../src/index.js';

// Each test gets an empty store: a server of its own, or a prefix.
storeSuite('__Name__', async () => ({
  store: __camel__Store(),
  passTime: (milliseconds) => sleep(milliseconds),
  close: async () => {},
}));
