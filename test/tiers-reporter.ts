import { readFileSync, writeFileSync } from 'node:fs';
import type { Reporter, TestModule, TestProject, Vitest } from 'vitest/node';
import { isWholeIn, type ProjectName, readTier } from './projects.js';

/** Files and tests of a project. */
interface Count {
  readonly files: number;
  readonly tests: number;
}

/** `test/tiers.json`: what there was, what there is, and the reason for every test that is gone. */
interface Ledger {
  readonly before: Readonly<Record<string, Count>>;
  readonly after: Record<string, Count>;
  /** A negative count is for tests that came from another project. */
  readonly removed: readonly {
    readonly file: string;
    readonly project: string;
    readonly count: number;
    readonly reason: string;
  }[];
}

const LEDGER = new URL('./tiers.json', import.meta.url);

/**
 * Fails a run in which a project has fewer tests than `test/tiers.json` says, so that no test is lost unseen. A project
 * is not checked where only some of its files or tests were chosen. `-u` writes the counts of the run into the file.
 */
export class TiersReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  async onTestRunEnd(
    modules: readonly TestModule[],
    _errors: unknown,
    reason: string,
  ): Promise<void> {
    const { config, projects } = this.#vitest ?? { config: undefined, projects: [] };
    if (config === undefined || config.testNamePattern !== undefined) return;
    if (reason === 'interrupted') return;
    const ledger = JSON.parse(readFileSync(LEDGER, 'utf8')) as Ledger;
    const counts: Record<string, Count> = {};
    for (const project of projects) {
      const count = await countTests(project, modules);
      if (count !== undefined) counts[project.name] = count;
    }
    if (config.snapshotOptions.updateSnapshot === 'all') {
      Object.assign(ledger.after, counts);
      writeFileSync(LEDGER, `${JSON.stringify(ledger, null, 2)}\n`);
    }
    const problems = findLosses(ledger, counts);
    for (const problem of problems) process.stderr.write(`${problem}\n`);
    if (problems.length > 0) process.exitCode = 1;
  }
}

/** Returns the files and tests that a project ran, or undefined if it did not run all that it has. */
async function countTests(
  project: TestProject,
  modules: readonly TestModule[],
): Promise<Count | undefined> {
  const { tier } = readTier(process.env);
  if (!isWholeIn(project.name as ProjectName, tier)) return undefined;
  const own = modules.filter((module) => module.project.name === project.name);
  const { testFiles } = await project.globTestFiles();
  if (own.length < testFiles.length) return undefined;
  const tests = own.reduce((sum, { children }) => sum + [...children.allTests()].length, 0);
  return { files: own.length, tests };
}

/** Returns one line for each project that is smaller than the ledger allows. */
export function findLosses(
  { before, after, removed }: Ledger,
  counts: Readonly<Record<string, Count>>,
): readonly string[] {
  const unexplained = Object.entries(before).flatMap(([name, { tests }]) => {
    const entries = removed.filter(({ project }) => project === name);
    const least = entries.reduce((left, { count }) => left - count, tests);
    const kept = after[name]?.tests ?? 0;
    if (kept >= least) return [];
    return `test/tiers.json: expected ${least} tests of ${name} after its removed entries, got ${kept}. Add the entries that are missing.`;
  });
  const lost = Object.entries(counts).flatMap(([name, { tests }]) => {
    const expected = after[name]?.tests ?? 0;
    if (tests >= expected) return [];
    return `Project ${name}: expected ${expected} tests as test/tiers.json says, got ${tests}. Lower the count there and add an entry to removed.`;
  });
  return [...unexplained, ...lost];
}
