import { describe, expect, it } from 'vitest';
import { generateKey } from '../src/index.js';
import { arrangeJwt, arrangeStateless } from './engines.js';
import { twinOf } from './forge.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The same token in other words: what a lenient reader would take for it, and a denylist of texts would not. */
function spellingsOf(token: string): readonly string[] {
  const last = ALPHABET.indexOf(token.at(-1) ?? '');
  const [header = '', payload = '', signature = ''] = token.split('.');
  return [
    ...[1, 2, 3].map(
      (bits) => `${token.slice(0, -1)}${ALPHABET[(last & ~3) | ((last + bits) & 3)]}`,
    ),
    `${token}=`,
    `${token}==`,
    `${token} `,
    ` ${token}`,
    `${token}\n`,
    `${token}.`,
    `${header}=.${payload}.${signature}`,
    `${header}.${payload}=.${signature}`,
    `${header}. ${payload}.${signature}`,
  ];
}

describe('a token that was denied', () => {
  it.each(['HS256', 'ES256'] as const)(
    'stays denied in every other spelling, its ECDSA twin included: %s [jwt.spelling]',
    async (alg) => {
      const keys = alg === 'ES256' ? { keys: await generateKey('ES256') } : {};
      const { sessions: signed } = arrangeJwt({ tokens: keys });
      const { sessions: stateless } = arrangeStateless(keys);
      for (const sessions of [signed, stateless]) {
        const { accessToken, session } = await sessions.create({ subject: 'ada' });
        const twins = alg === 'ES256' ? [twinOf(accessToken)] : [];
        for (const twin of twins) expect(await sessions.verify(twin)).toMatchObject({ ok: true });
        expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
        await sessions.revoke(session.sid);
        for (const token of [accessToken, ...twins])
          expect(await sessions.verify(token)).toEqual({ ok: false, reason: 'revoked' });
        for (const other of spellingsOf(accessToken))
          expect((await sessions.verify(other)).ok).toBe(false);
      }
    },
  );
});
