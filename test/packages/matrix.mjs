// The projects that install the packages, and the compilers that check them.

export const compilers = ['5.9.3', '6.0.3', '7.0.2'];

/** Returns the name of a package from its short one. */
export const fullName = (short) => (short === 'create-sess' ? short : `@sess/${short}`);

const NODE = { '@types/node': '^20.19.0' };
const strictest = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
};

/** Compiler settings of users. The output of the first one runs. */
export const resolutions = [
  { name: 'nodenext', options: { module: 'nodenext', ...strictest } },
  { name: 'bundler', options: { module: 'esnext', moduleResolution: 'bundler', strict: true } },
];

/**
 * @typedef {object} Project
 * @property {string} name
 * @property {string} program a file of `programs/`
 * @property {readonly string[]} packages packages of this repository without their scope, as the README installs them
 * @property {Readonly<Record<string, string>>} [dependencies] the user's other dependencies
 * @property {object} [compilerOptions] in addition to those of the resolution; `types: []` is a project without types of Node
 * @property {'vitest' | 'jest' | 'ts-jest'} [runBy] instead of node
 * @property {'module' | 'commonjs'} [type] of the project's package.json; `module` by default
 * @property {object} [jestConfig] for `ts-jest`
 */

// ts-jest uses the interface of the compiler, which TypeScript 7 does not have.
const tsJest = {
  ...NODE,
  '@jest/globals': '^30.0.0',
  jest: '^30.0.0',
  'ts-jest': '^29.4.0',
  typescript: '~5.9.3',
};
const tsconfig = 'tsconfig.nodenext.json';

/** @type {readonly Project[]} */
export const projects = [
  { name: 'core', program: 'core.ts', packages: ['core'], compilerOptions: { types: [] } },
  {
    name: 'jwt',
    program: 'jwt.ts',
    packages: ['core', 'jwt'],
    dependencies: NODE,
  },
  {
    name: 'redis',
    program: 'redis.ts',
    packages: ['core', 'redis'],
    dependencies: { ...NODE, ioredis: '^6.0.0' },
  },
  {
    name: 'sql',
    program: 'sql.ts',
    packages: ['core', 'sql'],
    dependencies: {
      ...NODE,
      '@types/pg': '^8.15.0',
      libsql: '^0.5.0',
      mysql2: '^3.14.0',
      pg: '^8.16.0',
    },
  },
  {
    name: 'adopt',
    program: 'adopt.ts',
    packages: ['core', 'adopt'],
    dependencies: { ...NODE, 'iron-webcrypto': '^2.0.0', jose: '^6.0.0' },
  },
  {
    name: 'bound',
    program: 'bound.ts',
    packages: ['core', 'bound'],
    dependencies: NODE,
  },
  {
    name: 'otel',
    program: 'otel.ts',
    packages: ['core', 'otel'],
    dependencies: { ...NODE, '@opentelemetry/api': '~1.9.0' },
  },
  {
    name: 'client',
    program: 'client.ts',
    packages: ['client'],
    compilerOptions: { types: [], lib: ['es2022', 'dom', 'dom.iterable'] },
  },
  {
    name: 'client with React',
    program: 'client-react.ts',
    packages: ['client'],
    dependencies: {
      '@types/react': '^19.2.0',
      '@types/react-dom': '^19.2.0',
      react: '^19.2.0',
      'react-dom': '^19.2.0',
    },
    compilerOptions: { types: [], lib: ['es2022', 'dom', 'dom.iterable'] },
  },
  {
    name: 'testkit',
    program: 'testkit.ts',
    packages: ['core', 'testkit'],
    dependencies: { ...NODE, vitest: '^4.1.0' },
    runBy: 'vitest',
  },
  {
    name: 'testkit with node:test',
    program: 'testkit-node.ts',
    packages: ['core', 'testkit'],
    dependencies: NODE,
  },
  {
    name: 'testkit with Jest',
    program: 'testkit-jest.ts',
    packages: ['core', 'testkit'],
    dependencies: { ...NODE, '@jest/globals': '^30.0.0', jest: '^30.0.0' },
    runBy: 'jest',
  },
  {
    name: 'testkit with ts-jest',
    program: 'testkit-jest.ts',
    packages: ['core', 'testkit'],
    dependencies: tsJest,
    compilerOptions: { isolatedModules: true },
    runBy: 'ts-jest',
    jestConfig: {
      extensionsToTreatAsEsm: ['.ts'],
      transform: { '\\.ts$': ['ts-jest', { tsconfig, useESM: true }] },
    },
  },
  {
    name: 'testkit with ts-jest in CommonJS',
    program: 'testkit-jest.ts',
    packages: ['core', 'testkit'],
    dependencies: tsJest,
    // A CommonJS file may not have `import` under the first, and ts-jest has no `import type` to keep.
    compilerOptions: { verbatimModuleSyntax: false, isolatedModules: true },
    type: 'commonjs',
    runBy: 'ts-jest',
    // As in docs/guides/testing.md.
    jestConfig: {
      transform: {
        '\\.ts$': ['ts-jest', { tsconfig }],
        '\\.js$': [
          'ts-jest',
          { diagnostics: false, tsconfig: { allowJs: true, module: 'commonjs', target: 'es2022' } },
        ],
      },
      transformIgnorePatterns: ['/node_modules/(?!(\\.pnpm/)?(@sess|jose)\\b)'],
    },
  },
  {
    name: 'Express 5',
    program: 'express.ts',
    packages: ['core', 'express'],
    dependencies: { ...NODE, '@types/express': '^5.0.0', express: '^5.0.0' },
  },
  {
    name: 'express classic',
    program: 'express-classic.ts',
    packages: ['core', 'express'],
    dependencies: { ...NODE, '@types/express': '^5.0.0', express: '^5.0.0' },
  },
  {
    name: 'Express 4',
    program: 'express.ts',
    packages: ['core', 'express'],
    dependencies: { ...NODE, '@types/express': '^4.17.21', express: '^4.21.0' },
  },
  {
    name: 'Fastify 5',
    program: 'fastify.ts',
    packages: ['core', 'fastify'],
    dependencies: { ...NODE, fastify: '^5.12.0' },
  },
  {
    name: 'Hono 4',
    program: 'hono.ts',
    packages: ['core', 'hono'],
    dependencies: { hono: '^4.13.0' },
    // As on Workers: no types of Node.
    compilerOptions: { types: [], lib: ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable'] },
  },
  { name: 'create', program: 'create.ts', packages: ['create-sess'], dependencies: NODE },
  {
    name: 'web',
    program: 'web.ts',
    packages: ['core', 'web'],
    compilerOptions: { types: [], lib: ['es2022', 'dom', 'dom.iterable'] },
  },
];
