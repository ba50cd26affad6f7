import { invalidOption } from './errors.js';

/**
 * Refuses a misspelt option, which would otherwise leave a default in force without a word.
 *
 * @throws UsageError `invalid_option`
 */
export function assertKnown(owner: string, options: object, known: ReadonlySet<string>): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidOption(`${owner}: an object of options is expected.`);
  }
  for (const name of Object.keys(options)) {
    if (known.has(name)) continue;
    throw invalidOption(
      `${owner}: there is no option '${name}'. Known are: ${[...known].join(', ')}.`,
    );
  }
}
