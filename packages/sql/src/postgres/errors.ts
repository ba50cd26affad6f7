/** What is known of a SQLSTATE, as advice for the log. */
const ADVICE: Readonly<Record<string, string>> = {
  '42P01': 'The tables are missing: run store.migrate() or the statements of postgresSchema().',
  '42703': 'A column is missing: the tables are of another version.',
  '42501': 'The user needs SELECT, INSERT, UPDATE and DELETE on the three tables.',
  '25006': 'The server is read-only: it is a replica, or a primary that was demoted.',
  '26000':
    'A pooler in transaction mode lost a prepared statement: use the option "prepare: false".',
  '42P05':
    'A pooler in transaction mode shares prepared statements: use the option "prepare: false".',
};

/** Conflicts between transactions that a repetition resolves (serialization failure, deadlock). */
const CONFLICTS = new Set(['40001', '40P01']);

/** True if the same statement may succeed when it is sent again. */
export function isConflict(error: unknown): boolean {
  return CONFLICTS.has(codeOf(error) ?? '');
}

/**
 * Returns an error that names the statement and the SQLSTATE only: messages and details of drivers can hold values.
 */
export function redactError(error: unknown, operation: string): Error {
  const code = codeOf(error);
  const advice = code === undefined ? undefined : ADVICE[code];
  const parts = [`PostgreSQL failed at "${operation}" (${code ?? nameOf(error)}).`, advice];
  const redacted = new Error(parts.filter(Boolean).join(' '));
  return code === undefined ? redacted : Object.assign(redacted, { code });
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && /^[A-Z0-9_]{3,30}$/.test(code) ? code : undefined;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
