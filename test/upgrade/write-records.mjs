// `node test/upgrade/write-records.mjs COMMIT`: lets an earlier commit sign users in on each store, and writes what
// it stored to records/COMMIT.json, for stored.test.mjs. To be run once for each release.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServerBinary, startPostgres, startRedisServer } from '@sess/test-servers';
import { fail, root } from '../../tools/lib.mjs';
import { buildEarlier } from './earlier.mjs';
import { startEngine } from './process.mjs';
import { OPTIONS, writeScene } from './scene.mjs';

const [, , commit] = process.argv;
if (!commit) fail('Expected a commit: node test/upgrade/write-records.mjs ac19ed1a269a', 2);
const folder = mkdtempSync(join(tmpdir(), 'sess-records-'));
const tree = await buildEarlier(commit);
const binary = await findServerBinary({
  flavour: 'redis',
  cacheDir: join(root, '.cache', 'servers'),
});
const redis = await startRedisServer({ binary });
const postgres = await startPostgres();
const addresses = { redis: redis.url, sqlite: join(folder, 'sessions.db'), postgres: postgres.url };

const stores = {};
for (const [store, address] of Object.entries(addresses)) {
  const engine = await startEngine({ tree, store, address, options: OPTIONS });
  await engine.call('migrate');
  const known = await writeScene(engine.call);
  stores[store] = { writtenAt: Date.now(), known, content: await engine.call('dump') };
  await engine.stop();
}
rmSync(folder, { recursive: true });

const file = join(root, 'test', 'upgrade', 'records', `${commit}.json`);
writeFileSync(file, `${JSON.stringify({ commit, options: OPTIONS, stores }, null, 1)}\n`);
process.stdout.write(`wrote ${file}\n`);
// The servers end with this process.
process.exit();
