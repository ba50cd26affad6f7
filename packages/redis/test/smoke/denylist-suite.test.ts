import { openStandalone, type StandaloneServer } from '@sess/test-servers';
import { denylistSuite } from '@sess/testkit/suites';
import { afterAll, beforeAll, inject } from 'vitest';
import { openIoredis } from '../clients.js';
import { makeDenylist } from '../denylist/help.js';

// One client on one server, tried with every change; `../denylist/suite.test.ts` has all the others.
let server: StandaloneServer;
beforeAll(async () => {
  server = await openStandalone(inject('servers'));
});
afterAll(() => server?.stop());

denylistSuite('Redis through ioredis 6', async () =>
  makeDenylist(await openIoredis(server.url), false),
);
