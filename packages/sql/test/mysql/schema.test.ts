import { mysqlDenylist, mysqlStore } from '@sess/sql/mysql';
import { type MariadbServer, startMariadb } from '@sess/test-servers';
import { createPool, type Pool } from 'mysql2/promise';
import { afterAll, beforeAll } from 'vitest';
import { schemaSuite } from '../schema-suite.js';

let server: MariadbServer;
let pool: Pool;
let admin: Pool;
beforeAll(async () => {
  server = await startMariadb();
  pool = createPool({ uri: server.url });
  admin = createPool({ uri: server.url, multipleStatements: true });
}, 180_000);
afterAll(async () => {
  await pool?.end();
  await admin?.end();
  await server?.stop();
});

schemaSuite({
  dialect: 'mysql',
  keys: [
    ['BIGINT UNSIGNED', '42', '42'],
    ['CHAR(36)', "'6f1c2a6e-3d0c-4d0e-9a53-0c7b6f6f2b11'", '6f1c2a6e-3d0c-4d0e-9a53-0c7b6f6f2b11'],
    ['VARCHAR(40)', "'ada'", 'ada'],
  ],
  open: async () => ({
    run: async (text) => void (await admin.query(text)),
    openStore: (options) => mysqlStore(pool, options),
    openDenylist: (table) => mysqlDenylist(pool, { table }),
    setLabel: async (table, label) =>
      void (await admin.query(`ALTER TABLE ${table}_session COMMENT = '${label}'`)),
    close: async () => {},
  }),
});
