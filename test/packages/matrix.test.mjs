import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { published } from '../../tools/lib.mjs';
import { fullName, projects } from './matrix.mjs';

const PROGRAMS = 'test/packages/programs';
/** The JavaScript there is for the rehearsal of a release. */
const programs = readdirSync(PROGRAMS).filter(
  (name) => name.endsWith('.ts') && name !== 'expect.ts',
);

it('every program belongs to a project, and every project has its program', () => {
  expect([...new Set(projects.map(({ program }) => program))].sort()).toEqual(programs.sort());
});

it.each(published().map(({ manifest }) => [manifest.name, manifest]))(
  'the programs import every entry point of %s',
  (name, { exports }) => {
    const texts = projects
      .filter(({ packages }) => packages.some((short) => name === fullName(short)))
      .map(({ program }) => readFileSync(`${PROGRAMS}/${program}`, 'utf8'))
      .join('\n');
    for (const entry of Object.keys(exports)) {
      if (['./package.json', './internal'].includes(entry)) continue;
      expect(texts, entry).toContain(`from '${name}${entry.slice(1)}'`);
    }
  },
);
