import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { listPages } from '../../test/docs/blocks.js';
import { isSearched, searchOptions } from '../.vitepress/search.js';

interface Part {
  readonly id: string;
  readonly page: string;
  readonly title: string;
  readonly titles: readonly string[];
  readonly text: string;
}

/** The class of the search index of VitePress, which comes with it. */
const MiniSearch = createRequire(
  createRequire(new URL('../package.json', import.meta.url)).resolve('vitepress/package.json'),
)('minisearch') as new (options: {
  fields: readonly (keyof Part)[];
  storeFields: readonly (keyof Part)[];
  searchOptions: object;
}) => {
  addAll(parts: readonly Part[]): void;
  search(words: string): readonly Pick<Part, 'page' | 'title'>[];
};

/** Returns the parts of a page that the site indexes: each from one heading to the next, below its headings. */
function readParts(page: string): readonly Omit<Part, 'id'>[] {
  const above: string[] = [];
  return readFileSync(page, 'utf8')
    .replace(/<!--[\s\S]*?-->/g, '')
    .split(/^(?=#{1,6} )/m)
    .flatMap((part) => {
      const [, marks = '', title = '', text = ''] =
        /^(#+) (.*?)(?: \{#[\w-]+\})?\n([\s\S]*)$/.exec(part) ?? [];
      if (marks === '') return [];
      above.splice(marks.length - 1, Number.POSITIVE_INFINITY, title);
      return [{ page, title, titles: above.slice(0, -1), text }];
    });
}

const index = new MiniSearch({
  fields: ['title', 'titles', 'text'],
  storeFields: ['page', 'title'],
  searchOptions,
});
const parts = listPages()
  .filter((page) => page.startsWith('docs/') && isSearched(page.slice('docs/'.length)))
  .flatMap(readParts);
index.addAll(parts.map((part, n) => ({ id: `${part.page.replace(/^docs/, '')}#${n}`, ...part })));

it.each([
  ['rate limit', 'docs/guides/accounts.md', 'Rate limits'],
  ['remember me', 'docs/guides/accounts.md', 'Remember me'],
  ['supertest', 'docs/guides/testing.md', 'Express with supertest'],
  ['docker', 'docs/start/development.md', 'Docker'],
  ['nestjs', 'docs/frameworks/node.md', 'NestJS'],
  ['logout everywhere', 'docs/guides/devices.md', 'Logout everywhere'],
  ['csrf', 'docs/guides/csrf.md', 'CSRF and CORS'],
  ['postgres', 'docs/guides/sql.md', 'PostgreSQL, SQLite, MySQL'],
  ['install', 'docs/start/index.md', 'Install'],
  ['failover', 'docs/security/threat-model.md', 'Store failover'],
])('the search for "%s" lists %s, "%s", among the first three parts', (search, page, title) => {
  expect(index.search(search).slice(0, 3)).toContainEqual(expect.objectContaining({ page, title }));
});

it('the search finds nothing for a word that no page has', () => {
  expect(index.search('zyxwvutsrq')).toEqual([]);
});
