import { describe, expect, it } from 'vitest';
import { createStatelessSessions, jwt, memoryDenylist, verifyOnly } from '../src/index.js';

const ABOUT = { issuer: 'https://api.example.com', audience: 'api' };
const KEYS = { ...ABOUT, keys: 'a secret of at least thirty-two bytes' };

const ELSEWHERE = { ...ABOUT, jwksUri: 'https://api.example.com/.well-known/jwks.json' };

const TAKERS: readonly [string, (denylist: never, more?: object) => unknown][] = [
  ['jwt', (denylist, more) => jwt({ ...KEYS, revocation: 'denylist', denylist, ...more })],
  [
    'createStatelessSessions',
    (denylist, more) => createStatelessSessions({ ...KEYS, denylist, ...more }),
  ],
  ['verifyOnly', (denylist, more) => verifyOnly({ ...ELSEWHERE, denylist, ...more })],
];

describe.each(TAKERS)('the denylist of %s', (_name, take) => {
  it.each([
    ['a Redis client', { get() {}, set() {} }],
    ['its maker, not called', memoryDenylist],
    ['one that cannot deny', { ...memoryDenylist(), deny: undefined }],
    // Each call would be given up on at once.
    ['one that says no deadline', { ...memoryDenylist(), timeout: undefined }],
    ['one whose deadline is text', { ...memoryDenylist(), timeout: '1s' }],
    ['null', null],
  ])('is not %s', (_what, denylist) => {
    expect(() => take(denylist as never)).toThrow(
      /^denylist(\.timeout)?: expected .* Give memoryDenylist\(\), or redisDenylist\(client\) of @sess\/redis\.$/,
    );
  });

  it.each([['acept'], [true], [null]])(
    'onDenylistError is refused unless it is fail or accept: %s',
    (onDenylistError) => {
      const build = () => take(memoryDenylist() as never, { onDenylistError });
      expect(build).toThrow('onDenylistError: expected "fail" or "accept", got ');
    },
  );
});

it.each(['soon', 0])('verifyOnly refuses ttl: %s with and without a denylist', (ttl) => {
  for (const denylist of [undefined, memoryDenylist()]) {
    const given = { ...ELSEWHERE, ttl: ttl as never, ...(denylist && { denylist }) };
    expect(() => verifyOnly(given)).toThrow(/^ttl: /);
  }
});
