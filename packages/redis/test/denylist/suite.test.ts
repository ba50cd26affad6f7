import {
  openStandalone,
  requireServer,
  type StandaloneServer,
  startRedisServer,
} from '@sess/test-servers';
import { denylistSuite } from '@sess/testkit/suites';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { CLIENTS } from '../clients.js';
import { makeDenylist } from './help.js';

const servers = inject('servers');
/** The clients on one server, and some of them with a near cache. */
function describeServer(
  name: string,
  plain: readonly string[],
  near: readonly string[],
  start: () => Promise<StandaloneServer>,
): void {
  describe(name, () => {
    let server: StandaloneServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server?.stop());

    for (const [client, open] of Object.entries(CLIENTS)) {
      if (plain.includes(client))
        denylistSuite(`${name} through ${client}`, async () =>
          makeDenylist(await open(server.url), false),
        );
      if (!near.includes(client)) continue;
      denylistSuite(`near cache on ${name} through ${client}`, async () =>
        makeDenylist(await open(server.url), true),
      );
    }
  });
}

const ALL = Object.keys(CLIENTS);
// `../smoke/denylist-suite.test.ts` has this server with ioredis 6.
const others = ALL.filter((name) => name !== 'ioredis 6');
describeServer('Redis', others, ['ioredis 6'], () => openStandalone(servers));

const { valkey } = servers;
describe.skipIf(valkey.binary === undefined)(
  valkey.binary === undefined
    ? `Valkey (not to be had here: ${valkey.missing.split('\n')[0]})`
    : 'Valkey',
  () =>
    describeServer('Valkey', ALL, ['iovalkey'], () =>
      startRedisServer({ binary: requireServer(valkey) }),
    ),
);
