import { redisStore } from '@sess/redis';
import {
  openStandalone,
  requireServer,
  type StandaloneServer,
  sleep,
  startRedisServer,
} from '@sess/test-servers';
import { storeSuite } from '@sess/testkit/suites';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { CLIENTS, type OpenClient } from './clients.js';

const servers = inject('servers');
let run = 0;

/** The clients on one server; each test under a prefix of its own, since the server may be shared. */
function describeServer(
  name: string,
  clients: Readonly<Record<string, (url: string) => Promise<OpenClient>>>,
  start: () => Promise<StandaloneServer>,
): void {
  describe(name, () => {
    let server: StandaloneServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server?.stop());

    for (const [client, open] of Object.entries(clients)) {
      storeSuite(`${name} through ${client}`, async () => {
        const opened = await open(server.url);
        run += 1;
        return {
          store: redisStore(opened.client, { keyPrefix: `suite-${process.pid}-${run}:` }),
          passTime: sleep,
          close: opened.close,
        };
      });
    }
  });
}

// `smoke/store-suite.test.ts` has this server with ioredis 6.
const { 'ioredis 6': _, ...others } = CLIENTS;
describeServer('Redis', others, () => openStandalone(servers));

const { valkey } = servers;
describe.skipIf(valkey.binary === undefined)(
  valkey.binary === undefined
    ? `Valkey (not to be had here: ${valkey.missing.split('\n')[0]})`
    : 'Valkey',
  () =>
    describeServer('Valkey', CLIENTS, () => startRedisServer({ binary: requireServer(valkey) })),
);
