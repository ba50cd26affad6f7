import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Reply } from '@sess/core/http';
import { inlineModules } from './inline.js';

const STYLES = ['page.css', 'controls.css', 'parts.css'];

/** Creates the page of the demo: HTML, style and script in one response. */
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

/** The folder is next to src/ and dist/, so no build step copies it. */
function urlOf(name: string): URL {
  return new URL(`../page/${name}`, import.meta.url);
}

function readPart(name: string): string {
  return readFileSync(urlOf(name), 'utf8');
}

/** Returns a hash source for the text between two tags (CSP 3, section 2.3.1). */
function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
