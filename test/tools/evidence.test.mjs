import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findGaps, findTitles, readRequirements, writePage } from '../../tools/evidence.mjs';
import { readTitles } from '../../tools/source.mjs';

it('every requirement has a test, and every tag in a title names a requirement', () => {
  const requirements = readRequirements();
  const titles = findTitles();
  expect(requirements.groups.flatMap((group) => group.requirements).length).toBeGreaterThanOrEqual(
    115,
  );
  expect(titles.filter(({ ids }) => ids.length > 0).length).toBeGreaterThanOrEqual(276);
  expect(findGaps(requirements, titles)).toEqual([]);
});

/** Sections of ASVS 5.0.0 on cookies, browser headers, origins and sessions, with the number of their clauses. */
const ASVS = { 3.3: 5, 3.4: 8, 3.5: 8, 7.1: 3, 7.2: 4, 7.3: 2, 7.4: 5, 7.5: 3, 7.6: 2 };

it('every clause of ASVS on cookies, browser headers, origins and sessions has a line', () => {
  const { groups, elsewhere } = readRequirements();
  const lines = [...groups.flatMap(({ requirements }) => requirements), ...elsewhere.lines];
  const named = lines
    .flatMap(({ standards }) => standards)
    .filter((name) => name.startsWith('ASVS '))
    .flatMap((name) => name.slice('ASVS '.length).split(', '));
  const clauses = Object.entries(ASVS).flatMap(([section, count]) =>
    Array.from({ length: count }, (_, n) => `${section}.${n + 1}`),
  );
  expect(clauses.filter((clause) => !named.includes(clause))).toEqual([]);
});

it('every name on the page about cookie standards is that of a requirement', () => {
  const page = readFileSync(
    new URL('../../docs/quality/cookie-standards.md', import.meta.url),
    'utf8',
  );
  const ids = readRequirements().groups.flatMap((group) => group.requirements.map(({ id }) => id));
  const rows = page.split('\n').filter((line) => /^\| (?!-|section|the cookie …)/.test(line));
  const names = rows.flatMap((row) => row.split('|').at(-2).trim().split(', '));
  expect(rows.length).toBeGreaterThan(20);
  expect(names.filter((name) => !ids.includes(name) && name !== 'for the application')).toEqual([]);
});

const PAGE = `# Requirements

## Doors

- **doors.closed** A door is closed. (ASVS 7.1.2; RFC 9110 9.3.2)
- **doors.locked** A door
  is locked (at night).

## Elsewhere

- The window: of the neighbour. (ASVS 1.1)
`;

describe('findGaps and readRequirements', () => {
  const house = readRequirements(PAGE);
  const title = (ids, more = {}) => ({
    title: 'is',
    within: [],
    file: 'door.test.ts',
    ids,
    ...more,
  });

  it('readRequirements reads names, texts and standards', () => {
    expect(house).toEqual({
      groups: [
        {
          title: 'Doors',
          requirements: [
            {
              id: 'doors.closed',
              text: 'A door is closed.',
              standards: ['ASVS 7.1.2', 'RFC 9110 9.3.2'],
            },
            { id: 'doors.locked', text: 'A door is locked (at night).', standards: [] },
          ],
        },
      ],
      elsewhere: {
        title: 'Elsewhere',
        lines: [{ text: 'The window: of the neighbour.', standards: ['ASVS 1.1'] }],
      },
    });
  });

  it('readRequirements refuses a line without a name among others', () => {
    expect(() => readRequirements(PAGE.replace('**doors.locked** ', ''))).toThrow('has no name');
  });

  it('findGaps reports a requirement without a test', () => {
    expect(findGaps(house, [title(['doors.closed'])])).toEqual([
      'doors.locked is shown by no test',
    ]);
  });

  it('findGaps reports a title that names an unknown requirement', () => {
    const all = [title(['doors.closed', 'doors.locked']), title(['doors.lokced'])];
    expect(findGaps(house, all)).toEqual([
      "door.test.ts: 'is' names doors.lokced, which is not a requirement",
    ]);
  });

  it('findGaps reports a skipped test', () => {
    const all = [title(['doors.closed']), title(['doors.locked'], { isSkipped: true })];
    expect(findGaps(house, all)).toEqual(["door.test.ts: 'is' is skipped"]);
  });

  it('findGaps reports a name that two requirements share', () => {
    const twice = readRequirements(PAGE.replace('doors.locked', 'doors.closed'));
    expect(findGaps(twice, [title(['doors.closed'])])).toEqual([
      'doors.closed names two requirements',
    ]);
  });
});

describe('readTitles', () => {
  it.each([
    ["it('is closed [doors.closed]', () => {})", 'is closed', ['doors.closed']],
    ["test.concurrent('is [a.b, c.d]', async () => {})", 'is', ['a.b', 'c.d']],
    ["it.each(['x', ')', /'/])(\n  'is %s [a.b]',\n)", 'is %s', ['a.b']],
    ["it.each<Row>([() => 1 < 2])('is [a.b]')", 'is', ['a.b']],
    ["it.for<readonly [string, () => void]>(rows('x'))('is [a.b]')", 'is', ['a.b']],
    ['describe(`of \u0024{name} [a.b]`, () => {})', 'of \u0024{name}', ['a.b']],
    ['it("ends the user\'s session [a.b]", () => {})', "ends the user's session", ['a.b']],
    ["it('ends the user\\'s [a.b]', () => {})", "ends the user's", ['a.b']],
    ["it('names [a.b] in the middle', () => {})", 'names [a.b] in the middle', []],
  ])('reads a title from %s', (source, title, ids) => {
    expect(readTitles(source)).toMatchObject([{ title, within: [], ids, isSkipped: false }]);
  });

  it.each([
    "// it('is [a.b]')",
    'const text = "it(\'is [a.b]\')";',
    "edit('is [a.b]');",
    "cases.it('is [a.b]');",
    'it(name, () => {});',
  ])('reads no title from %s', (source) => {
    expect(readTitles(source)).toEqual([]);
  });

  it('returns the groups around a title', () => {
    const source =
      "describe('a', () => {\n  describe('b', () => {\n    it('c');\n  });\n  it.each([])(\n    'd');\n});\nit('e');";
    expect(readTitles(source).map(({ title, within }) => [...within, title].join(' '))).toEqual([
      'a',
      'a b',
      'a b c',
      'a d',
      'e',
    ]);
  });

  it('marks tests that do not run', () => {
    for (const call of ['it.skip', 'test.todo', 'it.concurrent.skip', 'it.fails'])
      expect(readTitles(`${call}('is [a.b]', () => {})`)[0]?.isSkipped).toBe(true);
  });

  it('writePage escapes titles and replaces values of cases by an ellipsis', () => {
    const page = writePage(readRequirements(PAGE), [
      {
        within: ['a door'],
        title: 'is %s in \u0024{place}: <b> [x] a_b',
        ids: ['doors.closed'],
        file: 'door.test.ts',
      },
    ]);
    expect(page).toContain('- a door › is … in …: &lt;b> \\[x\\] a\\_b `door.test.ts`\n');
    expect(page).toContain('- ASVS 7.1.2: [doors.closed](#doors-closed)\n');
  });
});
