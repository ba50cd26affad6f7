import { describe, expect, it } from 'vitest';
import { createTableNames, tableOption } from '../src/store/names.js';

describe('createTableNames', () => {
  it('quotes the three names and puts the schema before them', () => {
    expect(createTableNames({ table: 'app', schema: 'auth', quote: '"' })).toMatchObject({
      session: '"auth"."app_session"',
      subject: '"auth"."app_subject"',
      mark: '"auth"."app_mark"',
    });
  });

  it.each(['', 'A', '1a', 'a-b', 'a"b', 'a;b', 'a'.repeat(42), 7, null])(
    'refuses %j as a table name, since names are spliced into statements',
    (table) => {
      expect(() => tableOption('table', table)).toThrow(/^table: /);
    },
  );
});
