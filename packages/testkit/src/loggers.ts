import type { Logger } from '@sess/core';

const nothing = (): void => {};

/** A logger that discards every line, for tests in which rejections are the point. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};

/** A line as it reached the application's logger. */
export interface LogLine {
  readonly level: keyof Logger;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A logger that keeps its lines, to be looked at. */
export function createMemoryLogger(): Logger & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const keep =
    (level: keyof Logger) => (fields: Readonly<Record<string, unknown>>, message: string) =>
      void lines.push({ level, fields, message });
  return {
    lines,
    debug: keep('debug'),
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
  };
}
