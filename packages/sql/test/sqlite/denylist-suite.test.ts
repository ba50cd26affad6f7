import { sqliteDenylist } from '@sess/sql/sqlite';
import { sleep } from '@sess/test-servers';
import { denylistSuite } from '@sess/testkit/suites';
import Database from 'libsql';

denylistSuite('SQLite through libsql', async () => {
  const db = new Database(':memory:');
  const denylist = sqliteDenylist(db);
  await denylist.migrate();
  return {
    denylist,
    now: Date.now,
    passTime: sleep,
    async lose() {
      db.exec('DELETE FROM sess_watermark; DELETE FROM sess_denial');
    },
    async countDenials(tag) {
      const text = `SELECT count(*) AS n FROM sess_denial WHERE tag = ? AND id NOT LIKE 'o:%'`;
      return (db.prepare(text).get(tag) as { n: number }).n;
    },
    async close() {
      db.close();
    },
  };
});
