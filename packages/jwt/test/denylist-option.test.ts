import { describe, expect, it } from 'vitest';
import { createStatelessSessions, jwt, memoryDenylist, verifyOnly } from '../src/index.js';

const ABOUT = { issuer: 'https://api.example.com', audience: 'api' };
const KEYS = { ...ABOUT, keys: 'a secret of at least thirty-two bytes' };

const TAKERS: readonly [string, (denylist: never) => unknown][] = [
  ['jwt', (denylist) => jwt({ ...KEYS, revocation: 'denylist', denylist })],
  ['createStatelessSessions', (denylist) => createStatelessSessions({ ...KEYS, denylist })],
  ['verifyOnly', (denylist) => verifyOnly({ ...ABOUT, jwks: { keys: [] }, denylist })],
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
      'denylist: give memoryDenylist(), or redisDenylist(client) of @sess/redis.',
    );
  });
});
