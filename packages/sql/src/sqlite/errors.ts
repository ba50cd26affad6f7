/**
 * Runs a call; an error of the driver becomes one that names the operation and the driver's code only, since messages of
 * drivers can hold values.
 */
export async function redactError<Result>(
  operation: string,
  call: () => Promise<Result>,
): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
    const isMissing = typeof message === 'string' && message.includes('no such table');
    const advice = isMissing ? ' The tables are missing: run migrate().' : '';
    const known = typeof code === 'string' ? code : 'no code';
    throw new Error(`SQLite failed at "${operation}" (${known}).${advice}`);
  }
}
