import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

interface Module {
  /** The variable that holds its exports. */
  readonly name: string;
  readonly text: string;
}

/*
 * The forms of import and export that compilers and formatters write, one statement at the start of a line.
 */
const FROM = /^(import|export) \{([^}]*)\} from '([^']+)';$/gm;
const DECLARATION = /^export (?=(?:async function|function|class|const|let) (\w+))/gm;
const SOURCE_MAP = /^\/\/# sourceMappingURL=.*$/gm;

/**
 * Returns one script made of a module and its imports, in the order of execution. The page is one response whose policy
 * allows a single script by its hash, so it cannot load modules. Each module keeps its scope.
 */
export function inlineModules(entry: URL): string {
  const done = new Map<string, Module>();
  const begun = new Set<string>();
  add(entry);
  return [...done.values()].map(({ text }) => text).join('\n');

  function add(url: URL): Module {
    const known = done.get(url.href);
    if (known !== undefined) return known;
    if (begun.has(url.href)) throw new TypeError(`${url.href}: modules that import each other`);
    begun.add(url.href);
    const exported: string[] = [];
    const body = readFileSync(url, 'utf8')
      .replace(SOURCE_MAP, '')
      .replace(FROM, (_all, keyword: string, names: string, specifier: string) => {
        const { name } = add(resolve(specifier, url));
        if (keyword === 'import') return `const {${names.replace(/ as /g, ': ')}} = ${name};`;
        exported.push(...names.split(',').flatMap((entry) => passedOn(entry, name)));
        return '';
      })
      .replace(DECLARATION, (_all, name: string) => {
        exported.push(name);
        return '';
      });
    const left = /^(?:import|export)\b.*/m.exec(body)?.[0];
    if (left !== undefined) throw new TypeError(`${url.href}: cannot inline '${left}'`);
    const name = `$${done.size}`;
    const text = `const ${name} = {};\n{\n${body.trim()}\nObject.assign(${name}, { ${exported.join(', ')} });\n}`;
    const module = { name, text };
    done.set(url.href, module);
    return module;
  }
}

/** Returns `a as b` of a module as a property of an object literal. */
function passedOn(entry: string, module: string): string[] {
  const [inner, outer = inner] = entry.trim().split(' as ');
  return inner === undefined || inner === '' ? [] : [`${outer}: ${module}.${inner}`];
}

/** Returns the file of a relative path or of a package. */
function resolve(specifier: string, importer: URL): URL {
  if (specifier.startsWith('.')) return new URL(specifier, importer);
  const manifest = createRequire(importer).resolve(`${specifier}/package.json`);
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    readonly exports: { readonly '.': { readonly default: string } };
  };
  // This process may load TypeScript, which a browser cannot.
  return new URL(exports['.'].default, pathToFileURL(manifest));
}
