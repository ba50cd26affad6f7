import { Buffer } from 'node:buffer';
import { createSessions } from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { createStatelessSessions, jwt } from '../../src/index.js';
import { AUDIENCE, ISSUER, testKey } from '../arrange.js';

async function arrange(more: { audience?: string | readonly string[] } = {}) {
  const { key } = await testKey('RS256', 'k'.repeat(128));
  const common = { keys: key, issuer: ISSUER, audience: more.audience ?? AUDIENCE };
  const options = { clock: createFakeClock(), logger: silentLogger };
  return [
    createSessions({ ...options, accessToken: jwt({ ...common, revocation: 'none' }) }),
    createStatelessSessions({ ...options, ...common }),
  ];
}

describe('a token that is written', () => {
  it('is short enough to be presented, or is not written at all', async () => {
    let written = 0;
    let refused = 0;
    for (const character of ['a', 'é', '漢', '\u0001', '😀']) {
      for (const size of [10, 2_000, 3_000, 3_500, 4_000, 4_080]) {
        for (const sessions of await arrange()) {
          const subject = character.repeat(512 / character.length);
          const input = { subject, data: { text: 'x'.repeat(size) } };
          const issued = await sessions.create(input).catch((error: unknown) => {
            expect(error).toMatchObject({ code: 'data_too_large' });
            return undefined;
          });
          if (issued === undefined) {
            refused += 1;
            continue;
          }
          written += 1;
          const header = `Bearer ${issued.accessToken}`;
          expect(Buffer.byteLength(header)).toBeLessThanOrEqual(8_192);
          expect(await sessions.authenticate(header)).toMatchObject({ ok: true });
        }
      }
    }
    expect(Math.min(written, refused)).toBeGreaterThan(5);
  });

  it('names one audience as text, and several as a list [jwt.audience]', async () => {
    for (const [audience, aud] of [
      ['one', 'one'],
      [['one'], 'one'],
      [
        ['one', 'two'],
        ['one', 'two'],
      ],
    ] as const) {
      for (const sessions of await arrange({ audience })) {
        const { accessToken } = await sessions.create({ subject: 'ada' });
        expect(decodeJwt(accessToken).aud).toEqual(aud);
        expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
      }
    }
  });

  it.each([
    'iss',
    'aud',
    'sub',
    'sid',
    'jti',
    'iat',
    'exp',
    'nbf',
    'auth_time',
    'gen',
    'sv',
    'ses',
  ])('session data cannot replace the claim %s', async (name) => {
    for (const sessions of await arrange()) {
      const create = sessions.create({ subject: 'ada', data: { [name]: 'x' } });
      await expect(create).rejects.toMatchObject({ code: 'invalid_data' });
    }
  });

  it('leaves nothing behind when it cannot be written', async () => {
    const [sessions] = await arrange();
    const create = sessions?.create({ subject: 'ada', data: { text: 'x'.repeat(5_000) } });
    await expect(create).rejects.toMatchObject({ code: 'data_too_large' });
    expect(await sessions?.list('ada')).toEqual([]);
  });
});
