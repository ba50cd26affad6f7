import { UsageError } from '@sess/core';

const NAME = /^[a-z_][a-z0-9_]{0,40}$/;

/** The names of the three tables, quoted and with their schema. */
export interface TableNames {
  /** One row a session. */
  readonly session: string;
  /** One row a subject: the lock of its writes, and its newest revoke-all. */
  readonly subject: string;
  /** Removals and results of operations, kept for a minute. */
  readonly mark: string;
  /** One row a subject: the version that signed tokens must carry. */
  readonly watermark: string;
  /** Denied tokens and sessions. */
  readonly denial: string;
  /** The prefix of the three names, unquoted. */
  readonly prefix: string;
  /** The schema, unquoted. */
  readonly schema: string | undefined;
}

/**
 * Returns the quoted table names for a prefix.
 *
 * @param quote the dialect's quotation mark
 * @throws {UsageError} `invalid_option` if a name is not made of lower-case letters, digits and `_`
 */
export function createTableNames(given: {
  readonly table: string;
  readonly schema?: string | undefined;
  readonly quote: '"' | '`';
}): TableNames {
  const { table, schema, quote } = given;
  assertName('table', table);
  if (schema !== undefined) assertName('schema', schema);
  const quoted = (name: string): string => `${quote}${name}${quote}`;
  const qualified = (part: string): string =>
    (schema === undefined ? '' : `${quoted(schema)}.`) + quoted(`${table}_${part}`);
  return {
    session: qualified('session'),
    subject: qualified('subject'),
    mark: qualified('mark'),
    watermark: qualified('watermark'),
    denial: qualified('denial'),
    prefix: table,
    schema,
  };
}

/** Names are spliced into statements, so only harmless characters are accepted. */
function assertName(option: string, name: unknown): asserts name is string {
  if (typeof name === 'string' && NAME.test(name)) return;
  throw new UsageError(
    'invalid_option',
    `${option}: expected 1 to 41 lower-case letters, digits or "_", not beginning with a digit, got ${JSON.stringify(name)}.`,
  );
}
