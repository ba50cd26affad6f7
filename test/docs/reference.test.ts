import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expandListings, readOptionRows } from '../../docs/.vitepress/expand.js';

const read = (path: string): string => readFileSync(path, 'utf8');

/** The names in a union of strings of `@sess/core`. */
function unionOf(type: string): readonly string[] {
  const text = new RegExp(`type ${type} =([^;]*);`).exec(sourcesOf('core'))?.[1] ?? '';
  return [...text.matchAll(/'(\w+)'/g)].map((match) => match[1] ?? '');
}

/** The sources of a package, as one text. */
function sourcesOf(name: string): string {
  const files = readdirSync(`packages/${name}/src`, { recursive: true, withFileTypes: true });
  return files
    .filter((entry) => entry.isFile())
    .map((entry) => read(join(entry.parentPath ?? entry.path, entry.name)))
    .join('\n');
}

/** The members of an exported interface of a package. */
function membersOf(packageName: string, name: string): readonly string[] {
  const declaration = new RegExp(`export interface ${name}\\b[^{]*{\\n([\\s\\S]*?)\\n}`);
  const text = declaration.exec(sourcesOf(packageName));
  return [...(text?.[1] ?? '').matchAll(/^ {2}(?:readonly )?'?([\w-]+)'?\??:/gm)].map(
    (match) => match[1] ?? '',
  );
}

describe('the reference pages', () => {
  it('the page of errors has an anchor for every code', () => {
    const codes = [
      ...unionOf('SessErrorCode'),
      ...unionOf('UsageErrorCode'),
      ...unionOf('ProblemCode'),
    ];
    expect(codes.length).toBeGreaterThan(20);
    const page = read('docs/reference/errors.md');
    const anchors = [...page.matchAll(/^### (\w+) \{#\1\}$/gm)].map((match) => match[1]);
    expect(anchors.toSorted()).toEqual([...new Set(codes)].toSorted());
  });

  it('the page of events has a section for every event', () => {
    const events = membersOf('core', 'SessionEvent');
    expect(events.length).toBeGreaterThan(5);
    const page = read('docs/reference/events.md');
    const sections = [...page.matchAll(/^## ([\w-]+)/gm)].map((match) => match[1]);
    expect(sections).toEqual(events);
  });

  const page = read('docs/reference/options.md');
  const interfaces = [...page.matchAll(/^<!-- options (\w+) (\w+) -->$/gm)].map(
    ([, packageName = '', name = '']) => [packageName, name] as const,
  );

  it.for(interfaces)(
    'has a row with a meaning or a default for every option of @sess/%s %s',
    ([packageName, name]) => {
      const rows = readOptionRows(packageName, name);
      expect(rows.map((row) => row.name)).toEqual(membersOf(packageName, name));
      expect(rows.filter(({ meaning, ifNotSet }) => meaning + ifNotSet === 'not used')).toEqual([]);
    },
  );

  it('a paragraph that is only a link to a program becomes its text', () => {
    const text = 'See:\n\n[`store.ts`](./store.ts)\n\nThe [`store.ts`](./store.ts) above.';
    expect(expandListings(text)).toBe(
      'See:\n\n<<< ./store.ts\n\nThe [`store.ts`](./store.ts) above.',
    );
    const route = '../../examples/recipes/sveltekit/src/routes/account/+page.server.ts';
    expect(expandListings(`[\`+page.server.ts\`](${route})`)).toBe(`<<< ${route}`);
  });

  it('the index of decisions lists every record', () => {
    const records = readdirSync('docs/decisions').filter((name) => /^\d{4}-/.test(name));
    const index = read(join('docs/decisions', 'README.md'));
    expect(records.filter((name) => !index.includes(`(${name})`))).toEqual([]);
  });
});
