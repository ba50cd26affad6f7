// How mutants are made and tried. `npm run mutation` starts it, and names the files.
const folder = '.cache/mutation';

export default {
  testRunner: 'vitest',
  vitest: { configFile: 'scripts/mutation/vitest.config.mjs' },
  plugins: ['@stryker-mutator/*', './scripts/mutation/messages.mjs'],
  // Texts for people are not mutated. Codes, reasons, statuses and names of headers are.
  ignorers: ['messages'],
  coverageAnalysis: 'perTest',
  // What runs once, while a module is loaded, would take a whole run of all tests for each mutant.
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
    '!scripts/mutation/**',
    '!test/{token-modes,fuzzing}.ts',
  ],
  // Read by an interface that the compiler no longer has. Nothing here is compiled.
  tsconfigFile: 'none',
  disableTypeChecks: false,
  concurrency: 1,
  timeoutMS: 5_000,
  reporters: ['progress-append-only', 'json', 'html'],
  jsonReporter: { fileName: `${folder}/report.json` },
  htmlReporter: { fileName: `${folder}/report.html` },
  allowConsoleColors: false,
};
