// Functions of an application that the examples assume.

/** Returns the id of the user with this password, or `undefined`. */
declare function checkPassword(form: unknown): Promise<string | undefined>;
declare function warnUser(subject: string): Promise<void>;

/** A logger of pino. */
declare const logger: Readonly<
  Record<'debug' | 'info' | 'warn' | 'error', (fields: unknown, message?: string) => void>
>;
