/** Lock wait timeout and deadlock: nothing was written. */
const CONFLICTS = new Set(['ER_LOCK_WAIT_TIMEOUT', 'ER_LOCK_DEADLOCK']);

/** True if the same transaction may succeed when it is repeated. */
export function isConflict(error: unknown): boolean {
  return CONFLICTS.has(codeOf(error));
}

/** Returns an error that names the operation and the driver's code only: messages of drivers can hold values. */
export function redactError(error: unknown, operation: string): Error {
  const code = codeOf(error);
  const advice = code === 'ER_NO_SUCH_TABLE' ? ' The tables are missing: run migrate().' : '';
  return new Error(`MySQL failed at "${operation}" (${code}).${advice}`);
}

function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && /^[A-Z0-9_]{3,40}$/.test(code) ? code : 'no code';
}
