import { UsageError } from '@sess/core';

/** Attempts at a call that other transactions keep from happening. */
const MAX_ATTEMPTS = 5;

/** How the errors of one kind of driver are read. */
export interface ErrorRules {
  /** As in "PostgreSQL failed". */
  readonly database: string;
  /** Codes of a serialization failure, a deadlock or a lock wait: nothing was written, and a repetition may succeed. */
  readonly conflicts: readonly string[];
  /** What to do about a code, for the log. */
  readonly advice: Readonly<Record<string, string>>;
  /** Returns a code for an error that has none. */
  readonly codeOf?: (error: unknown) => string | undefined;
}

/**
 * Runs a call of a driver; again after a conflict with another transaction. Errors name the operation and the code
 * only: messages and details of drivers can hold values.
 */
export type DatabaseCall = <Result>(
  operation: string,
  call: () => Promise<Result>,
) => Promise<Result>;

/** Creates the function through which a store calls its driver. */
export function createDatabaseCall(rules: ErrorRules): DatabaseCall {
  const { database, conflicts, advice } = rules;

  function redact(error: unknown, operation: string): Error {
    // Of this package: its message holds names and versions only.
    if (error instanceof UsageError) return error;
    const code = rules.codeOf?.(error) ?? codeOf(error);
    const name = error instanceof Error ? error.name : typeof error;
    const hint = code === undefined ? undefined : advice[code];
    const text = `${database} failed at "${operation}" (${code ?? name}).`;
    const redacted = new Error(hint === undefined ? text : `${text} ${hint}`);
    return code === undefined ? redacted : Object.assign(redacted, { code });
  }

  return async (operation, call) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call();
      } catch (error) {
        const isConflict = conflicts.includes(codeOf(error) ?? '');
        if (attempt >= MAX_ATTEMPTS || !isConflict) throw redact(error, operation);
      }
    }
  };
}

/** Returns the code of a driver's error, or of one that names it. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && /^[A-Z0-9_]{3,40}$/.test(code) ? code : undefined;
}
