import { redisStore } from '@sess/redis';
import { openStandalone, type StandaloneServer, sleep } from '@sess/test-servers';
import { storeSuite } from '@sess/testkit/suites';
import { afterAll, beforeAll, inject } from 'vitest';
import { openIoredis } from '../clients.js';

// One client on one server, tried with every change; `../store-suite.test.ts` has all the others.
let server: StandaloneServer;
let run = 0;
beforeAll(async () => {
  server = await openStandalone(inject('servers'));
});
afterAll(() => server?.stop());

storeSuite('Redis through ioredis 6', async () => {
  const opened = await openIoredis(server.url);
  run += 1;
  return {
    store: redisStore(opened.client, { keyPrefix: `smoke-${process.pid}-${run}:` }),
    passTime: sleep,
    close: opened.close,
  };
});
