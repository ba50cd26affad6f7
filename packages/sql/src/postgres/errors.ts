import type { ErrorRules } from '../store/errors.js';

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
