import { option, type Reader } from '@sess/core/internal';

const NAME = /^[a-z_][a-z0-9_]{0,40}$/;

/** The names of the tables, quoted and with their schema. */
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
  /** The prefix of the names, unquoted. */
  readonly prefix: string;
  /** Returns the quoted and qualified name of something else that begins with the prefix. */
  qualify(part: string): string;
}

/** Names are spliced into statements, so only harmless characters are accepted. */
function nameOption(fallback?: string): Reader<string | undefined> {
  return option<string | undefined>({
    expected: '1 to 41 lower-case letters, digits or "_", not beginning with a digit',
    accepts: (value) => typeof value === 'string' && NAME.test(value),
    default: () => fallback,
  });
}

/** Reads the prefix of the tables. */
export const tableOption: Reader<string> = nameOption('sess') as Reader<string>;

/** Reads the schema of the tables. */
export const schemaOption: Reader<string | undefined> = nameOption();

/** Returns the quoted names for a prefix. */
export function createTableNames(given: {
  readonly table: string;
  readonly schema?: string | undefined;
  /** The dialect's quotation mark. */
  readonly quote: '"' | '`';
}): TableNames {
  const { table, schema, quote } = given;
  const quoted = (name: string): string => `${quote}${name}${quote}`;
  const qualify = (part: string): string =>
    (schema === undefined ? '' : `${quoted(schema)}.`) + quoted(`${table}_${part}`);
  return {
    session: qualify('session'),
    subject: qualify('subject'),
    mark: qualify('mark'),
    watermark: qualify('watermark'),
    denial: qualify('denial'),
    prefix: table,
    qualify,
  };
}
