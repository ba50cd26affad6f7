import type { ErrorRules } from '../store/errors.js';

/** The errors of SQLite. Drivers differ in their codes, so that the well-known ones are recognised by the message. */
export const SQLITE_ERRORS: ErrorRules = {
  database: 'SQLite',
  conflicts: [],
  advice: {
    NO_TABLE: 'The tables are missing: run migrate().',
    NO_COLUMN: 'A column is missing: run migrate().',
    NO_USER: 'The subject is not in the table of users.',
  },
  codeOf(error) {
    const message = String((error as { readonly message?: unknown } | null)?.message);
    if (message.includes('no such table')) return 'NO_TABLE';
    if (/no such column|no column named/.test(message)) return 'NO_COLUMN';
    return message.includes('FOREIGN KEY constraint failed') ? 'NO_USER' : undefined;
  },
};
