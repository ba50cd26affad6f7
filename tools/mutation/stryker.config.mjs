// How mutants are made and tried; run.mjs names the files.
const folder = '.cache/mutation';

export default {
  testRunner: 'vitest',
  // Coverage is known by test, so the files that import a mutant need not be looked for each time.
  vitest: { configFile: 'tools/mutation/vitest.config.mjs', related: false },
  plugins: ['@stryker-mutator/*', './tools/mutation/ignore-messages.mjs'],
  // The texts of errors and log lines are not mutated. Codes, reasons, statuses and names of headers are.
  ignorers: ['messages'],
  coverageAnalysis: 'perTest',
  // A mutant of code that runs while a module loads would need all tests.
  ignoreStatic: true,
  // A mutant is tried again when its code, or a test that reaches it, has changed.
  incremental: true,
  incrementalFile: `${folder}/incremental.json`,
  tempDirName: `${folder}/copy`,
  ignorePatterns: [
    '**',
    '!packages/*/src/**',
    '!packages/*/test/**',
    '!packages/*/package.json',
    '!tools/mutation/**',
    '!test/*.ts',
  ],
  // Stryker reads it through an interface that TypeScript 7 does not have.
  tsconfigFile: 'none',
  disableTypeChecks: false,
  concurrency: 2,
  timeoutMS: 5_000,
  // The first run of all tests, without mutants.
  dryRunTimeoutMinutes: 30,
  // Percent; the run fails below.
  thresholds: { high: 99, low: 97, break: 97 },
  reporters: ['progress-append-only', 'clear-text', 'json', 'html'],
  clearTextReporter: { reportTests: false },
  jsonReporter: { fileName: `${folder}/report.json` },
  htmlReporter: { fileName: `${folder}/report.html` },
  allowConsoleColors: false,
};
