import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Reply } from '@sess/core/http';
import { inlineModules } from './inline.js';

const STYLES = ['page.css', 'controls.css', 'parts.css'];

/** The page to try an example by hand: HTML, style and script in one answer. */
export function createPage(): Reply {
  const style = STYLES.map(readPart).join('\n');
  const script = inlineModules(urlOf('main.js'));
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
function urlOf(name: string): URL {
  return new URL(`../page/${name}`, import.meta.url);
}

function readPart(name: string): string {
  return readFileSync(urlOf(name), 'utf8');
}

/** What the browser compares the text between the tags with (CSP 3, section 2.3.1). */
function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
