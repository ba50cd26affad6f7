import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findGaps, findTitles } from './evidence.mjs';
import { writePage } from './page.mjs';
import { readRequirements } from './requirements.mjs';
import { readTitles } from './titles.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path) => readFileSync(new URL(path, `file://${root}`), 'utf8');
const requirements = readRequirements(read('docs/requirements.md'));
const titles = findTitles(root);

describe('the requirements', () => {
  it('have a test each, and tests name none that there is not', () => {
    expect(requirements.groups.flatMap((group) => group.requirements).length).toBeGreaterThan(100);
    expect(findGaps(requirements, titles)).toEqual([]);
  });

  it('are listed with their tests on a page that `npm run evidence` has written', () => {
    expect(read('docs/security/evidence.md')).toBe(writePage(requirements, titles));
  });
});

const PAGE = `# Requirements

## Doors

- **doors.closed** A door is closed. (ASVS 7.1.2; RFC 9110 9.3.2)
- **doors.locked** A door
  is locked (at night).

## Not ours

- The window: somebody else's. (ASVS 1.1)
`;

describe('the check', () => {
  const house = readRequirements(PAGE);
  const title = (ids, more = {}) => ({
    title: 'is',
    within: [],
    file: 'door.test.ts',
    ids,
    ...more,
  });

  it('reads names, texts and standards', () => {
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
        title: 'Not ours',
        lines: [{ text: "The window: somebody else's.", standards: ['ASVS 1.1'] }],
      },
    });
  });

  it('refuses a line without a name among others', () => {
    expect(() => readRequirements(PAGE.replace('**doors.locked** ', ''))).toThrow('has no name');
  });

  it('tells of a requirement without a test', () => {
    expect(findGaps(house, [title(['doors.closed'])])).toEqual([
      'doors.locked is shown by no test',
    ]);
  });

  it('tells of a title that names no requirement', () => {
    const all = [title(['doors.closed', 'doors.locked']), title(['doors.lokced'])];
    expect(findGaps(house, all)).toEqual([
      "door.test.ts: 'is' names doors.lokced, which is no requirement",
    ]);
  });

  it('tells of a test that is not run', () => {
    const all = [title(['doors.closed']), title(['doors.locked'], { isSkipped: true })];
    expect(findGaps(house, all)).toEqual(["door.test.ts: 'is' is not run"]);
  });

  it('tells of a name that stands for two', () => {
    const twice = readRequirements(PAGE.replace('doors.locked', 'doors.closed'));
    expect(findGaps(twice, [title(['doors.closed'])])).toEqual([
      'doors.closed is the name of two requirements',
    ]);
  });
});

describe('titles', () => {
  it.each([
    ["it('is closed [doors.closed]', () => {})", 'is closed', ['doors.closed']],
    ["test.concurrent('is [a.b, c.d]', async () => {})", 'is', ['a.b', 'c.d']],
    ["it.each(['x', ')', /'/])(\n  'is %s [a.b]',\n)", 'is %s', ['a.b']],
    ["it.each<Row>([() => 1 < 2])('is [a.b]')", 'is', ['a.b']],
    ["it.for<readonly [string, () => void]>(rows('x'))('is [a.b]')", 'is', ['a.b']],
    ['describe(`of \u0024{name} [a.b]`, () => {})', 'of \u0024{name}', ['a.b']],
    ['it("ends nobody\'s session [a.b]", () => {})', "ends nobody's session", ['a.b']],
    ["it('ends nobody\\'s [a.b]', () => {})", "ends nobody's", ['a.b']],
    ["it('names [a.b] in the middle', () => {})", 'names [a.b] in the middle', []],
  ])('are read out of %s', (source, title, ids) => {
    expect(readTitles(source)).toEqual([{ title, within: [], ids, isSkipped: false }]);
  });

  it.each([
    "// it('is [a.b]')",
    'const text = "it(\'is [a.b]\')";',
    "edit('is [a.b]');",
    "cases.it('is [a.b]');",
    'it(name, () => {});',
  ])('are none in %s', (source) => {
    expect(readTitles(source)).toEqual([]);
  });

  it('know what they stand in', () => {
    const source = "describe('a', () => { describe('b', () => { it('c'); }); it('d'); }); it('e');";
    expect(readTitles(source).map(({ title, within }) => [...within, title].join(' '))).toEqual([
      'a',
      'a b',
      'a b c',
      'a d',
      'e',
    ]);
  });

  it('of what is never run are told apart', () => {
    for (const call of ['it.skip', 'test.todo', 'it.concurrent.skip', 'it.fails'])
      expect(readTitles(`${call}('is [a.b]', () => {})`)[0]?.isSkipped).toBe(true);
  });

  it('become text of a page, with dots for what is put in at run time', () => {
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
