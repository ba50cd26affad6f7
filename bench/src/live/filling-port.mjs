// A port of PostgreSQL that answers sign-ins at once and writes them a thousand at a time: a million, one by one, would take
// as long as all of the measurements.

const ROWS = 1_000;
/** The values of a sign-in that become columns, in the order of the statement. */
const COLUMNS = [
  ['sid', 'text'],
  ['tag', 'text'],
  ['created_at', 'bigint'],
  ['expires_at', 'bigint'],
  ['used_at', 'bigint'],
  ['sweep_at', 'bigint'],
  ['generation', 'bigint'],
  ['replayed', 'boolean'],
  ['auth_version', 'bigint'],
  ['data_version', 'bigint'],
  ['auth', 'text'],
  ['data', 'text'],
];
const STORED = COLUMNS.map(([name]) => name).filter((name) => name !== 'tag');
const WRITE = `WITH given AS MATERIALIZED (
    SELECT * FROM unnest(${COLUMNS.map(([, type], n) => `$${n + 1}::${type}[]`).join(', ')})
    AS g (${COLUMNS.map(([name]) => name).join(', ')})),
  counted AS (
    INSERT INTO sess_subject AS s (tag, seq, revoked_before, upper, sweep_at)
    SELECT tag, count(*), -1, count(*), max(sweep_at) FROM given GROUP BY tag
    ON CONFLICT (tag) DO UPDATE SET seq = s.seq + excluded.seq, upper = s.upper + excluded.upper)
  INSERT INTO sess_session (${STORED.join(', ')}) SELECT ${STORED.join(', ')} FROM given`;

/** For sign-ins that meet no limit; `flush` resolves when all of them are stored. */
export function createFillingPort(pool) {
  let rows = [];
  let writing = Promise.resolve();
  let pending = 0;

  function write() {
    const batch = rows;
    rows = [];
    const values = COLUMNS.map((_, n) => batch.map((row) => row[n]));
    pending += 1;
    writing = writing.then(async () => {
      await pool.query({ name: 'fill', text: WRITE, values });
      pending -= 1;
    });
    return writing;
  }

  return {
    async query({ text, name }, values) {
      if (!text.includes('INSERT INTO "sess_session"'))
        return (await pool.query({ name, text, values: [...values] })).rows;
      rows.push(values);
      if (rows.length >= ROWS) await write();
      // No faster than the disk: the sign-ins of one subject wait for each other, and not for ever.
      else if (pending > 1) await writing;
      return [{ status: 'inserted', now: Date.now(), revoked_before: -1, evicted: null }];
    },
    batch: () => Promise.reject(new Error('a filling port writes no transactions')),
    flush: () => write(),
  };
}
