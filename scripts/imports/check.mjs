// Holds the sources of one package against its rows of the table; answers with the problems.
import { posix } from 'node:path';
import { findCycles } from './cycles.mjs';
import { beyondExports, importsOf, lex, lineAt } from './lex.mjs';

const TABLE = 'scripts/imports/table.mjs';

/** `sources` maps each file, by its path below the folder, to its text. */
export function checkPackage({ folder, external, externalInstead, layers }, sources, fences) {
  const problems = [];
  const used = new Set();
  const graph = new Map();

  const layerOf = (file) => {
    for (const layer of layers) {
      const pattern = layer.files.find((path) => path === './' || covers(path, file));
      if (pattern) used.add(pattern);
      if (pattern) return layer;
    }
    return undefined;
  };

  /** Says what is wrong with one import, or names the file of this package that it leads to. */
  const follow = (file, specifier) => {
    if (!specifier.startsWith('.')) {
      const allowed = external.some((name) =>
        name.endsWith(':') ? specifier.startsWith(name) : specifier === name,
      );
      return allowed ? {} : { problem: `may not be imported here; ${externalInstead}` };
    }
    if (!specifier.endsWith('.js')) return { problem: 'relative imports end in .js' };
    const target = posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts');
    if (!sources.has(target)) {
      return { problem: 'is no file of this package; import other packages by name' };
    }
    const from = layerOf(file);
    const to = layerOf(target);
    if (!from || !to || from.may.includes(to.name)) return { target };
    return { target, problem: `${from.name} may not import ${to.name}; ${from.instead}` };
  };

  for (const [file, text] of sources) {
    const source = lex(text);
    const report = (line, message) => problems.push(`${folder}/${file}:${line}: ${message}`);
    if (!layerOf(file)) report(1, `is in no layer of ${TABLE}; give it one`);

    const targets = [];
    for (const { specifier, line } of importsOf(source)) {
      const { target, problem } = follow(file, specifier);
      if (target) targets.push(target);
      if (problem) report(line, `'${specifier}' ${problem}`);
    }
    graph.set(file, targets);

    for (const { pattern, except = [], instead } of fences) {
      if (except.some((path) => covers(path, `${folder}/${file}`))) continue;
      for (const match of source.bare.matchAll(pattern)) {
        report(lineAt(source.bare, match.index), `'${match[0].trim()}': ${instead}`);
      }
    }

    const extra = posix.basename(file) === 'index.ts' ? beyondExports(source.bare) : undefined;
    if (extra) report(extra, 'an index holds exports only; move the rest into a file of its own');
  }

  for (const cycle of findCycles(graph)) {
    problems.push(`${folder}: cycle ${cycle.join(' -> ')}; move what both need into a third file`);
  }
  for (const pattern of layers.flatMap((layer) => layer.files)) {
    if (!used.has(pattern)) problems.push(`${folder}: '${pattern}' of ${TABLE} matches no file`);
  }
  return problems;
}

/** Whether a path of the table is this file, or the folder (it ends in a slash) that holds it. */
function covers(path, file) {
  return path.endsWith('/') ? file.startsWith(path) : file === path;
}
