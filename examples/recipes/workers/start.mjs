// In place of `wrangler dev`: runs the Worker in workerd, with a database that has the tables.
import { sqliteStore } from '@sess/sql/sqlite';
import { Miniflare } from 'miniflare';

const options = {
  modules: true,
  scriptPath: 'dist/worker.js',
  compatibilityDate: '2025-09-01',
  compatibilityFlags: ['nodejs_compat'],
  d1Databases: ['DB'],
  bindings: { RENEW_AFTER: process.env.RENEW_AFTER ?? '15m' },
  host: 'localhost',
};
const miniflare = new Miniflare(options);
const store = sqliteStore(await miniflare.getD1Database('DB'));
await store.migrate();
await store.close();
await miniflare.setOptions({ ...options, port: Number(process.env.PORT ?? 3000) });
