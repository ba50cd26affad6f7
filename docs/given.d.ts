// What examples take as given: the application's own. Everything else they show, or say in a comment before them.

/** Answers the id of the user whose password this is. */
declare function checkPassword(form: unknown): Promise<string | undefined>;
declare function warnUser(subject: string): Promise<void>;

/** As pino makes them. */
declare const logger: Readonly<
  Record<'debug' | 'info' | 'warn' | 'error', (fields: unknown, message?: string) => void>
>;
