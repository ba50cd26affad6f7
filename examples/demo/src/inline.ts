import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

interface Module {
  /** The variable that holds its exports. */
  readonly name: string;
  readonly text: string;
}

/*
 * The forms of import and export that compilers and formatters write one a statement, at the start of a line.
 */
const FROM = /^(import|export) \{([^}]*)\} from '([^']+)';$/gm;
const DECLARATION = /^export (?=(?:async function|function|class|const|let) (\w+))/gm;
const SOURCE_MAP = /^\/\/# sourceMappingURL=.*$/gm;

/**
 * One script from a module and all that it imports, what is imported first: a page that is one answer has nowhere to
 * fetch modules from, and a policy that names its script by hash lets none in. Each module keeps a scope of its own, so
 * that names of different modules may be the same.
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

/** `a as b` of a module, as a property of an object literal. */
function passedOn(entry: string, module: string): string[] {
  const [inner, outer = inner] = entry.trim().split(' as ');
  return inner === undefined || inner === '' ? [] : [`${outer}: ${module}.${inner}`];
}

/** A relative path, or the name of a package. */
function resolve(specifier: string, importer: URL): URL {
  if (specifier.startsWith('.')) return new URL(specifier, importer);
  const manifest = createRequire(importer).resolve(`${specifier}/package.json`);
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    readonly exports: { readonly '.': { readonly default: string } };
  };
  // Not whatever this process would load, which may be TypeScript: a browser reads none.
  return new URL(exports['.'].default, pathToFileURL(manifest));
}
