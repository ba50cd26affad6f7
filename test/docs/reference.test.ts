import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const read = (path: string): string => readFileSync(path, 'utf8');

/** The names in a union of strings. */
function unionOf(path: string, type: string): readonly string[] {
  const text = new RegExp(`export type ${type} =([^;]*);`).exec(read(path))?.[1] ?? '';
  return [...text.matchAll(/'(\w+)'/g)].map((match) => match[1] ?? '');
}

/** The members of an interface that stand at its top. */
function membersOf(path: string, name: string): readonly string[] {
  const text = new RegExp(`export interface ${name}\\b[^{]*{\\n([\\s\\S]*?)\\n}`).exec(read(path));
  return [...(text?.[1] ?? '').matchAll(/^ {2}(?:readonly )?'?([\w-]+)'?\??:/gm)].map(
    (match) => match[1] ?? '',
  );
}

describe('the reference', () => {
  it('has an anchor for every code', () => {
    const codes = [
      ...unionOf('packages/core/src/errors.ts', 'SessErrorCode'),
      ...unionOf('packages/core/src/errors.ts', 'UsageErrorCode'),
      ...unionOf('packages/core/src/http/problem.ts', 'ProblemCode'),
    ];
    expect(codes.length).toBeGreaterThan(20);
    const page = read('docs/reference/errors.md');
    const anchors = [...page.matchAll(/^### (\w+) \{#\1\}$/gm)].map((match) => match[1]);
    expect(anchors.toSorted()).toEqual([...new Set(codes)].toSorted());
  });

  it('has a section for every event', () => {
    const events = membersOf('packages/core/src/types.ts', 'SessionEvent');
    expect(events.length).toBeGreaterThan(5);
    const page = read('docs/reference/events.md');
    const sections = [...page.matchAll(/^## ([\w-]+)/gm)].map((match) => match[1]);
    expect(sections).toEqual(events);
  });

  it.for([
    ['packages/core/src/options.ts', 'SessionsOptions'],
    ['packages/core/src/http/protocol.ts', 'ProtocolOptions'],
    ['packages/core/src/http/cookie.ts', 'CookieOptions'],
    ['packages/core/src/http/csrf.ts', 'CsrfOptions'],
    ['packages/core/src/http/guard.ts', 'GuardOptions'],
    ['packages/redis/src/options.ts', 'RedisStoreOptions'],
    ['packages/redis/src/denylist/options.ts', 'RedisDenylistOptions'],
    ['packages/redis/src/near-cache/options.ts', 'NearCacheOptions'],
    ['packages/jwt/src/options.ts', 'TokenOptions'],
    ['packages/jwt/src/jwt.ts', 'JwtOptions'],
    ['packages/jwt/src/stateless/options.ts', 'StatelessOptions'],
    ['packages/jwt/src/verify-only.ts', 'VerifyOnlyOptions'],
    ['packages/client/src/types.ts', 'ClientOptions'],
  ] as const)('names every option of %s %s', ([path, name]) => {
    const options = membersOf(path, name);
    expect(options.length).toBeGreaterThan(0);
    const page = read('docs/reference/options.md');
    expect(options.filter((option) => !new RegExp(`\\b${option}\\b`).test(page))).toEqual([]);
  });

  it('lists every decision', () => {
    const records = readdirSync('docs/decisions').filter((name) => /^\d{4}-/.test(name));
    const index = read(join('docs/decisions', 'README.md'));
    expect(records.filter((name) => !index.includes(`(${name})`))).toEqual([]);
  });
});
