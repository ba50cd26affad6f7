import { describe, expect, it } from 'vitest';
import type { CurrentDenylist } from './harness.js';
import { createName, createScene, createSid } from './help.js';

/** What a token may be called: up to 128 printable characters of ASCII. */
const HOSTILE_NAMES = [
  'h',
  'b',
  'j',
  's',
  '!',
  '~',
  '*',
  '0|0|',
  'j0|0|x',
  '{a}:b',
  '__proto__',
  'constructor',
  'toString',
  '"]}\'--',
  'redis.call("FLUSHALL")',
  '%s%d$1\\u0000',
  ' ',
  'x'.repeat(128),
];

/** Names that say what a session is kept by. */
function namesLike(sid: string): readonly string[] {
  return [sid, `s${sid}`, sid.slice(16), `s${sid.slice(16)}`];
}

/** Session ids that no engine issues, but that a token may claim. */
const HOSTILE_SIDS = ['', 'x', '*'.repeat(32), '{a}'.repeat(11), `${'a'.repeat(16)}\r\nFLUSHALL`];

export function describeHostileIds(current: CurrentDenylist): void {
  const { issue, isDenied, deny, succeed } = createScene(current);

  describe('hostile ids', () => {
    it('are names like any other: each is denied by itself', async () => {
      const sid = createSid();
      const tokens = [];
      for (const jti of [...HOSTILE_NAMES, ...namesLike(sid)]) {
        tokens.push(await issue({ sid, jti }));
      }
      for (const [n, token] of tokens.entries()) {
        expect(await isDenied(token)).toBe(false);
        await deny({ kind: 'token', id: token.jti });
        expect(await isDenied(token)).toBe(true);
        expect(await Promise.all(tokens.slice(n + 1).map(isDenied))).not.toContain(true);
      }
      expect(await isDenied(await issue({ sid }))).toBe(false);
      expect(await isDenied(await issue())).toBe(false);
    });

    it('of tokens say nothing of a session, nor those of sessions of a token', async () => {
      const sid = createSid();
      const tokens = await Promise.all(namesLike(sid).map((jti) => issue({ jti })));
      await deny({ kind: 'session', id: sid });
      expect(await Promise.all(tokens.map(isDenied))).not.toContain(true);
    });

    it('are succeeded like any other', async () => {
      for (const jti of HOSTILE_NAMES) {
        const token = await issue({ jti });
        const successor = createName();
        expect(await succeed(token, successor)).toEqual({ successor, version: token.version });
        expect(await succeed(token)).toMatchObject({ successor });
        expect(await isDenied(token)).toBe(true);
      }
    });

    it('tokens of invalid sessions are denied, and their names reach no other key', async () => {
      const { version } = await issue();
      for (const sid of HOSTILE_SIDS) {
        const token = { sid, jti: createName(), version };
        expect(await isDenied(token)).toBe(true);
        expect(await succeed(token)).toBeUndefined();
      }
    });
  });
}
