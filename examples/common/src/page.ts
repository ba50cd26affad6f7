import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Reply } from '@sess/core/http';

/** In the order of their imports, so that one after the other they make one module. */
const SCRIPTS = ['request.js', 'words.js', 'view.js', 'main.js'];

/** The page to try an example by hand: HTML, style and script in one answer. */
export function createPage(): Reply {
  const style = readPart('page.css');
  const script = SCRIPTS.map(readPart).map(withoutImports).join('\n');
  const body = readPart('page.html')
    .replace('/* style */', () => style)
    .replace('/* script */', () => script);
  return {
    status: 200,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': [
        "default-src 'none'",
        `script-src ${hashOf(script)}`,
        `style-src ${hashOf(style)}`,
        "connect-src 'self'",
        'img-src data:',
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
      ].join('; '),
      'Referrer-Policy': 'no-referrer',
    },
    body,
  };
}

/** The parts lie beside src/ and dist/ alike, so no build step has to copy them. */
function readPart(name: string): string {
  return readFileSync(new URL(`../page/${name}`, import.meta.url), 'utf8');
}

function withoutImports(module: string): string {
  return module.replace(/^import [^;]*;\n/gm, '').replace(/^export /gm, '');
}

/** What the browser compares the text between the tags with (CSP 3, section 2.3.1). */
function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
