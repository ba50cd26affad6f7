import { parseArgs } from 'node:util';
import { KINDS, type ProjectOptions, STORES } from './create-project.js';

/** How the program is called. */
export const USAGE: string = `Usage: npm create sess FOLDER [${KINDS.join(' | ')}] [${STORES.join(' | ')}]

  FOLDER               a folder that is empty, or does not exist
  pages, api           pages with a session cookie (default), or an API with access tokens
  sqlite, postgres, redis
                       where sessions are kept; sqlite (default) needs no server
  --packages FOLDER    install packed packages from there, until they are published
`;

/**
 * Returns what the arguments ask for, or `undefined` if they ask for help.
 *
 * @throws {TypeError} for arguments that are missing, unknown or too many
 */
export function readArguments(args: readonly string[]): ProjectOptions | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { packages: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) return undefined;
  const [folder, ...words] = positionals;
  if (folder === undefined) throw new TypeError('FOLDER: expected the name of a folder, got none.');
  const kind = KINDS.find((name) => words.includes(name));
  const store = STORES.find((name) => words.includes(name));
  const unknown = words.find((word) => word !== kind && word !== store);
  if (unknown !== undefined) {
    throw new TypeError(`expected ${[...KINDS, ...STORES].join(', ')}, got ${unknown}.`);
  }
  return {
    folder,
    ...(kind && { kind }),
    ...(store && { store }),
    ...(values.packages !== undefined && { packages: values.packages }),
  };
}
