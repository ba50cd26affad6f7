import { codeOf, type ErrorRules } from '../store/errors.js';

/** The errors of MySQL and MariaDB, by the names that drivers give them. */
export const MYSQL_ERRORS: ErrorRules = {
  database: 'MySQL',
  conflicts: ['ER_LOCK_WAIT_TIMEOUT', 'ER_LOCK_DEADLOCK'],
  advice: {
    ER_NO_SUCH_TABLE: 'The tables are missing: run migrate().',
    ER_BAD_FIELD_ERROR: 'A column is missing: run migrate().',
    ER_NO_REFERENCED_ROW_2: 'The subject is not in the table of users.',
    ER_TRUNCATED_WRONG_VALUE_FOR_FIELD: "The subject is not of the type of the users' key.",
  },
};

/** True if an error is about one statement, and does not show that the server is away. */
export function isHarmless(error: unknown): boolean {
  return Object.hasOwn(MYSQL_ERRORS.advice, codeOf(error) ?? '');
}
