import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PACKAGES = fileURLToPath(new URL('../../packages/', import.meta.url));
const MARKER = /^<!-- options (\w+) (\w+) -->$/gm;
const LISTING = /^\[`[\w.+-]+`\]\((\.{1,2}\/[\w./+-]+\.(?:tsx?|mjs))\)$/gm;
/** The members at the top of an interface; nested ones are indented further. */
const MEMBER = /^ {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2}readonly '?(\w+)'?(\??):/gm;
/** The sentence or clause that begins with "Default:". A full stop within code or a number does not end it. */
const DEFAULT = /(?:^|\s)Default: ((?:`[^`]*`|[^`.]|\.(?=\S))*)\.?(?=\s|$)/;

/** An option, as a row of a table. */
export interface OptionRow {
  readonly name: string;
  readonly ifNotSet: string;
  readonly meaning: string;
}

/** Returns the options of an exported interface of a package, read from its doc comments. */
export function readOptionRows(packageName: string, interfaceName: string): readonly OptionRow[] {
  const declaration = new RegExp(`export interface ${interfaceName}\\b[^{]*{\\n([\\s\\S]*?)\\n}`);
  const members = sourcesOf(packageName)
    .map((text) => declaration.exec(text)?.[1])
    .find((text) => text !== undefined);
  if (members === undefined) {
    throw new Error(`Expected @sess/${packageName} to export the interface ${interfaceName}.`);
  }
  return [...members.matchAll(MEMBER)].map(([, comment = '', name = '', optional]) => {
    const text = comment
      .replace(/\s*\n\s*\*?\s*|^\s+|\s+$/g, ' ')
      .replace(/ @.*/, '')
      .trim();
    const [sentence, value] = DEFAULT.exec(text) ?? [];
    const ifNotSet = value ?? (optional === '' ? 'required' : 'not used');
    const meaning = sentence === undefined ? text : text.replace(sentence, '').trim();
    return { name, ifNotSet, meaning };
  });
}

/** Replaces each marker `<!-- options PACKAGE INTERFACE -->` of a page by the table of the options. */
export function expandOptions(page: string): string {
  return page.replace(MARKER, (_marker, packageName: string, interfaceName: string) => {
    const rows = readOptionRows(packageName, interfaceName).map(({ name, ifNotSet, meaning }) =>
      [`\`${name}\``, ifNotSet, meaning].map((cell) => cell.replaceAll('|', '\\|')).join(' | '),
    );
    return [
      '| option | if not set | meaning |',
      '| --- | --- | --- |',
      ...rows.map((row) => `| ${row} |`),
    ].join('\n');
  });
}

/**
 * Replaces each paragraph that is only a link to a program, ``[`store.ts`](./store.ts)``, by the text of the file: a
 * code host shows the link.
 */
export function expandListings(page: string): string {
  // The highlighter does not know the ending.
  return page.replace(LISTING, '<<< $1').replace(/^(<<< .*\.mjs)$/gm, '$1{js}');
}

function sourcesOf(packageName: string): readonly string[] {
  const folder = `${PACKAGES}${packageName}/src/`;
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => readFileSync(folder + path, 'utf8'));
}
