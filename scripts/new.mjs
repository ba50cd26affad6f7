// npm run new:store NAME, npm run new:adapter NAME: a package of its own from scripts/templates, entered
// wherever a package has to be. It builds and lints, and its tests pass but for the suite, which is what is to be
// worked on. `--into FOLDER` writes into another copy of the repository, and installs nothing.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { run } from './run.mjs';
import { bin, checkNode, fail, pnpm, root } from './setup.mjs';

const EXTERNAL = {
  store: {
    external: ['@sess/core', '@sess/core/options', '@sess/core/store', 'node:'],
    instead: 'a store imports @sess/core and its client only',
  },
  adapter: {
    external: ['@sess/core', '@sess/core/http', 'node:'],
    instead: 'an adapter imports @sess/core, @sess/core/http and its framework only',
  },
};

checkNode();
const [kind = '', name = '', flag, folder] = process.argv.slice(2);
if (!(kind in EXTERNAL)) fail('usage: npm run new:store NAME, or npm run new:adapter NAME', 2);
if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name)) {
  fail(
    `'${name}' is no name of a package: small letters, digits and single hyphens, as in dynamo-db`,
    2,
  );
}
const tree = flag === '--into' && folder ? resolve(folder) : root;
const target = join(tree, 'packages', name);
if (existsSync(target)) fail(`${relative(tree, target)} is there already`, 2);

const pascal = name.replace(/(?:^|-)(.)/g, (_, letter) => letter.toUpperCase());
const camel = pascal[0].toLowerCase() + pascal.slice(1);
/** `__name__` where a name may stand in code, `%name%` in prose, where underscores would be emphasis. */
const fill = (text) =>
  Object.entries({ name, Name: pascal, camel }).reduce(
    (filled, [key, value]) => filled.replaceAll(`__${key}__`, value).replaceAll(`%${key}%`, value),
    text,
  );

copyTemplate(join(root, 'scripts', 'templates', kind));
const program = `${name}.ts`;
const programs = join(tree, 'scripts', 'packages', 'programs');
renameSync(join(target, 'programs', program), join(programs, program));
rmSync(join(target, 'programs'), { recursive: true });
copyFileSync(join(tree, 'LICENSE'), join(target, 'LICENSE'));
edit('tsconfig.json', addReference);
edit('scripts/imports/table.mjs', addRow);
edit('scripts/packages/matrix.mjs', addProject);
writeFileSync(join(tree, '.changeset', `${name}.md`), fill(changeset()));

// The order of imports depends on the name. Without git, which a copy may not have.
const format = ['check', '--write', '--vcs-enabled=false', target, join(programs, program)];
if (tree === root) await must(pnpm(['install', '--no-frozen-lockfile'], { quiet: true }));
await must(run(bin('biome'), format, { cwd: tree, quiet: true }));
if (tree === root) {
  const names = ['run', 'test/public-names', '--update'];
  await must(run(bin('vitest'), names, { cwd: root, quiet: true }));
}
process.stdout.write(
  `packages/${name} is there. What is left: npm test -- packages/${name}, until the suite passes;\n` +
    'the other places that CONTRIBUTING.md lists under "A package".\n',
);

function copyTemplate(template) {
  for (const entry of readdirSync(template, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const from = join(entry.parentPath ?? entry.path, entry.name);
    const to = join(target, fill(relative(template, from)));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, fill(readFileSync(from, 'utf8')));
  }
}

function edit(file, change) {
  const path = join(tree, file);
  const before = readFileSync(path, 'utf8');
  const after = change(before);
  if (after === before)
    fail(`${file} is not as scripts/new.mjs expects it; enter packages/${name} there by hand`);
  writeFileSync(path, after);
}

/** Among the other packages, by name. */
function addReference(text) {
  const line = (path) => `    { "path": "packages/${path}" },\n`;
  const known = [...text.matchAll(/^ {4}\{ "path": "packages\/([\w-]+)" \},\n/gm)];
  const next = known.find(([, other]) => other > name);
  if (next) return text.replace(next[0], line(name) + next[0]);
  const last = known.at(-1)?.[0] ?? '';
  return text.replace(last, last + line(name));
}

function addRow(text) {
  const { external, instead } = EXTERNAL[kind];
  const row = [
    '  {',
    `    folder: 'packages/${name}/src',`,
    `    external: [${external.map((path) => `'${path}'`).join(', ')}],`,
    `    externalInstead: '${instead}',`,
    `    layers: [{ name: '${name}', files: ['./'], may: ['${name}'] }],`,
    '  },',
    '',
  ].join('\n');
  const before = "  {\n    folder: 'packages/testkit/src',";
  return text.replace(before, row + before);
}

/** Last of the strangers' projects. */
function addProject(text) {
  const row = [
    '  {',
    `    name: '${name}',`,
    `    program: '${program}',`,
    `    packages: ['core', '${name}'],`,
    '    dependencies: NODE,',
    '  },',
    '];',
    '',
  ].join('\n');
  return text.replace(/\];\n$/, row);
}

function changeset() {
  const what =
    kind === 'store' ? 'Keep sessions in __Name__.' : 'Guard routes of __Name__ by a session.';
  return `---\n'@sess/__name__': minor\n---\n\n${what}\n`;
}

async function must(running) {
  const { code, output } = await running;
  if (code !== 0) fail(output, code);
}
