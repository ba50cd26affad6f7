import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { published } from '../../tools/lib.mjs';
import { projects } from './matrix.mjs';

const PROGRAMS = 'test/packages/programs';
const programs = readdirSync(PROGRAMS).filter((name) => name !== 'expect.ts');

it('has every program in a project, and no other', () => {
  expect([...new Set(projects.map(({ program }) => program))].sort()).toEqual(programs.sort());
});

it.each(published().map(({ manifest }) => [manifest.name, manifest]))(
  '%s is tried with all of its entry points',
  (name, { exports }) => {
    const texts = projects
      .filter(({ packages }) => packages.some((short) => name === `@sess/${short}`))
      .map(({ program }) => readFileSync(`${PROGRAMS}/${program}`, 'utf8'))
      .join('\n');
    for (const entry of Object.keys(exports)) {
      if (entry === './package.json') continue;
      expect(texts, entry).toContain(`from '${name}${entry.slice(1)}'`);
    }
  },
);
