import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { listPages } from '../../test/docs/blocks.js';

const read = (path: string): string => readFileSync(path, 'utf8');
const site = listPages().filter((page) => page.startsWith('docs/') || page === 'README.md');

it.each(['supertest', 'inject', 'request'])(
  'the testing page shows %s.test.ts as it runs',
  (name) => {
    const file = read(`docs/test/${name}.test.ts`);
    expect(read('docs/guides/testing.md')).toContain(`\`\`\`ts\n${file}\`\`\`\n`);
  },
);

it('every page with an installation from npm states what works until the packages are published', () => {
  const { version } = JSON.parse(read('packages/core/package.json')) as { version: string };
  const pages = site.filter((page) => /npm (install\b.*@sess\/|create sess)/.test(read(page)));
  expect(pages).toContain('docs/start/index.md');
  const isSilent = (page: string): boolean =>
    !/not published yet/i.test(read(page)) || !/tarball/.test(read(page));
  expect(version === '0.0.0' ? pages.filter(isSilent) : []).toEqual([]);
});

it('one page has the diagram of rotation', () => {
  const pages = site.filter((page) => read(page).includes('<RotationStates />'));
  expect(pages).toEqual(['docs/concepts/rotation.md']);
});

it('the sidebar leads to every page of the site but the evidence and the decisions', () => {
  const config = read('docs/.vitepress/config.ts');
  const links = [...config.matchAll(/page\('[^']+', '(\/[^']*)'\)/g)].map((match) => match[1]);
  const pages = site
    .filter((page) => /^docs\/(?!quality\/(?!index)|decisions\/)./.test(page))
    .map((page) => page.replace(/^docs|(index)?\.md$/g, ''));
  expect([...new Set(links)].toSorted()).toEqual(pages.filter((link) => link !== '/').toSorted());
});
