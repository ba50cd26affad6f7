import { codeOf, type ErrorRules } from '../store/errors.js';

/** The errors of PostgreSQL, by SQLSTATE. */
export const POSTGRES_ERRORS: ErrorRules = {
  database: 'PostgreSQL',
  conflicts: ['40001', '40P01'],
  advice: {
    '23503': 'The subject is not in the table of users.',
    '22P02': "The subject is not of the type of the users' key.",
    '42P01': 'The tables are missing: run store.migrate() or the statements of postgresSchema().',
    '42703': 'A column is missing: run store.migrate().',
    '42501': 'The user needs SELECT, INSERT, UPDATE and DELETE on the tables.',
    '25006': 'The server is read-only: it is a replica, or a primary that was demoted.',
    '26000':
      'A pooler in transaction mode lost a prepared statement: use the option "prepare: false".',
    '42P05':
      'A pooler in transaction mode shares prepared statements: use the option "prepare: false".',
  },
};

/** A SQLSTATE, but none of the classes about connections, rollbacks, resources, operators and faults of the server. */
const STATEMENT = /^(?!08|25006|40|53|55|57|58|XX)[0-9A-Z]{5}$/;

/** True if an error is about one statement, and does not show that the server is away. */
export function isHarmless(error: unknown): boolean {
  return STATEMENT.test(codeOf(error) ?? '');
}
