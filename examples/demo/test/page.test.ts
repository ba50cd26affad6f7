import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createPage } from '../src/page.js';

const { status, headers, body = '' } = createPage();
const csp = headers['Content-Security-Policy'] ?? '';

function inside(tag: string): string {
  return new RegExp(`<${tag}[^>]*>([^]*?)</${tag}>`).exec(body)?.[1] ?? '';
}

describe('the page', () => {
  it('the page is HTML that loads nothing from other origins', () => {
    expect(status).toBe(200);
    expect(headers['Content-Type']).toBe('text/html; charset=utf-8');
    expect(body).not.toMatch(/\b(?:src|href|action)="(?!data:)|url\(|@import url/);
    expect(csp).toMatch(/^default-src 'none';/);
    expect(csp).not.toContain('unsafe');
    expect(csp).toContain("connect-src 'self';");
  });

  it.each(['script', 'style'])('the policy allows the %s of the page only', (tag) => {
    const text = inside(tag);
    expect(text.length).toBeGreaterThan(1_000);
    expect(csp).toContain(
      `${tag}-src 'sha256-${createHash('sha256').update(text).digest('base64')}'`,
    );
  });

  it('the page has its modules and those of the client in one script', () => {
    const script = inside('script');
    expect(script).toContain('function createClient(');
    // It would end the script before its end.
    expect(script).not.toMatch(/<\/script|<!--/i);
    expect(script).not.toMatch(/^(import|export)\b/m);
    expect(script).not.toMatch(/innerHTML|localStorage|sessionStorage|document\.cookie/);
    // As a function body it need only be read, not run.
    expect(() => new Function(`return async () => {${script}}`)).not.toThrow();
  });
});
