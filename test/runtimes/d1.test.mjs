import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sqliteStore } from '@sess/sql/sqlite';
import { sleep } from '@sess/test-servers';
import { storeSuite } from '@sess/testkit/suites';
import { afterAll, beforeAll } from 'vitest';
import { installApart } from '../../tools/lib.mjs';
import { cache } from './fetch.mjs';

/** Its engine is workerd; newer ones need a newer Node. */
const MINIFLARE = 'miniflare@4.20251202.0';

let miniflare;
let database;
let run = 0;

beforeAll(async () => {
  const folder = join(cache, 'miniflare');
  await installApart(folder, [MINIFLARE]);
  const entry = join(folder, 'node_modules', 'miniflare', 'dist', 'src', 'index.js');
  const { Miniflare } = await import(pathToFileURL(entry).href);
  miniflare = new Miniflare({ modules: true, script: 'export default {}', d1Databases: ['DB'] });
  database = await miniflare.getD1Database('DB');
}, 300_000);
afterAll(() => miniflare?.dispose());

storeSuite('D1 in workerd', async () => {
  run += 1;
  const store = sqliteStore(database, { table: `sess_${run}`, timeout: '5s' });
  await store.migrate();
  return { store, passTime: sleep, close: () => store.close() };
});
