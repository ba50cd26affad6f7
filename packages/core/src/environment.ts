/*
 * The only look at the process. Edge runtimes have none, or only part of it.
 */

/** Whether this is a production process, by the convention of `NODE_ENV`. */
export function isProduction(): boolean {
  return globalThis.process?.env?.['NODE_ENV'] === 'production';
}

/** Prints a warning to standard error, where the runtime has such a thing. */
export function emitWarning(message: string): void {
  globalThis.process?.emitWarning?.(message, { type: 'SessWarning' });
}
