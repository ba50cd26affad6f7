import { expect, test } from 'vitest';
import { findSurvivors, summarize, toTable } from './report.mjs';

const A = 'packages/core/src/http/a.ts';
const B = 'packages/core/src/http/b.ts';

function mutant(status, replacement, [line, from, to]) {
  const location = { start: { line, column: from }, end: { line, column: to } };
  return { status, replacement, location };
}

/** One line of source, of which `x < 1` has been changed in four ways, with two outcomes. */
const report = {
  files: {
    [A]: {
      source: 'first\nif (x < 1) return;\nlast',
      mutants: [
        mutant('Killed', 'true', [2, 5, 10]),
        mutant('Timeout', 'false', [2, 5, 10]),
        mutant('Survived', 'x <= 1', [2, 5, 10]),
        mutant('NoCoverage', 'x >= 1', [2, 5, 10]),
        mutant('Ignored', '', [2, 5, 10]),
      ],
    },
    [B]: { source: 'y()', mutants: [mutant('Killed', '', [1, 1, 4])] },
  },
};
const files = [A, B];
const entry = { file: 'http/a.ts', from: 'x < 1', to: 'x <= 1', why: 'x is never 1' };

test('what survives is told with its place and the change, unless it is explained', () => {
  const place = { file: A, line: 2, from: 'x < 1' };
  const told = (explained) =>
    findSurvivors(report, { files, explained }).unexplained.map(({ status: _, ...rest }) => rest);
  expect(told([])).toEqual([
    { ...place, to: 'x <= 1' },
    { ...place, to: 'x >= 1' },
  ]);
  expect(told([entry])).toEqual([{ ...place, to: 'x >= 1' }]);
  expect(told([{ ...entry, on: 'return' }])).toHaveLength(1);
  expect(told([{ ...entry, on: 'throw' }])).toHaveLength(2);
  expect(told([{ ...entry, file: 'http/b.ts' }])).toHaveLength(2);
});

test('an explanation of what does not survive is told too, once its file has been tried', () => {
  const killed = { ...entry, to: 'true' };
  const stale = (tried) =>
    findSurvivors(report, { files: tried, explained: [entry, killed] }).stale;
  expect(stale([A])).toEqual([killed]);
  expect(stale([B])).toEqual([]);
});

test('files are counted, and folders after their files; what is ignored counts for nothing', () => {
  const rows = toTable(summarize(report, { files, explained: [entry] }))
    .split('\n')
    .slice(2);
  expect(rows).toEqual([
    '| http/a.ts | 50.0 % | 1 | 1 | 1 | 1 | 1 |',
    '| http/b.ts | 100.0 % | 1 | 0 | 0 | 0 | 0 |',
    '| http/ | 60.0 % | 2 | 1 | 1 | 1 | 1 |',
    '| all | 60.0 % | 2 | 1 | 1 | 1 | 1 |',
  ]);
});

test('a change that spans lines is told on one', () => {
  const source = 'f({\n  a: 1,\n});';
  const location = { start: { line: 1, column: 3 }, end: { line: 3, column: 2 } };
  const mutants = [{ status: 'Survived', replacement: '{}', location }];
  const { unexplained } = findSurvivors(
    { files: { [A]: { source, mutants } } },
    { files, explained: [] },
  );
  expect(unexplained).toMatchObject([{ from: '{ a: 1, }', to: '{}' }]);
});
