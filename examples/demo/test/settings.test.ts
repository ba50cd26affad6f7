import { describe, expect, it } from 'vitest';
import { createEngine } from '../src/engine.js';
import { readSettings, SettingsError } from '../src/settings.js';

describe('readSettings', () => {
  it('returns a default for every setting', () => {
    expect(readSettings({})).toEqual({
      port: 3000,
      redisUrl: undefined,
      accessTokens: 'opaque',
      transport: 'bearer',
      jwtSecret: undefined,
      durations: {},
    });
  });

  it('treats an empty variable as absent', () => {
    const empty = { PORT: '', REDIS_URL: ' ', ACCESS_TOKENS: '', JWT_SECRET: '', GRACE: '' };
    expect(readSettings(empty)).toEqual(readSettings({}));
  });

  it('reads digits alone as seconds', () => {
    const { durations } = readSettings({ ACCESS_TTL: '90', ACCESS_OVERLAP: '0', IDLE_TTL: '7d' });
    expect(durations).toEqual({ accessTtl: 90, accessOverlap: 0, idleTtl: '7d' });
  });

  it.each(['x', '-1', '65536', '1.5', '1e3', '0x50', '080808'])('refuses PORT=%s', (PORT) => {
    expect(() => readSettings({ PORT })).toThrow(SettingsError);
  });

  it.each(['0', '1', '65535'])('accepts PORT=%s', (PORT) => {
    expect(readSettings({ PORT }).port).toBe(Number(PORT));
  });

  it('counts the bytes of JWT_SECRET, not its characters', () => {
    expect(() => readSettings({ JWT_SECRET: 'x'.repeat(31) })).toThrow(SettingsError);
    expect(readSettings({ JWT_SECRET: 'ü'.repeat(16) }).jwtSecret).toBe('ü'.repeat(16));
  });
});

describe('createEngine', () => {
  it('names variables in place of options in messages of the library', async () => {
    const settings = readSettings({ IDLE_TTL: '2d', ABSOLUTE_TTL: '1d' });
    await expect(createEngine(settings)).rejects.toThrow(
      /^IDLE_TTL \('2d'\) is beyond ABSOLUTE_TTL \('1d'\)\. .* a longer ABSOLUTE_TTL\.$/,
    );
  });

  it.each(['ACCESS_TTL', 'ACCESS_OVERLAP', 'IDLE_TTL', 'ABSOLUTE_TTL', 'GRACE'])(
    'refuses %s=soon with every kind of tokens, also where it would change nothing',
    async (variable) => {
      for (const kind of ['opaque', 'jwt', 'stateless']) {
        const settings = readSettings({ ACCESS_TOKENS: kind, [variable]: 'soon' });
        await expect(createEngine(settings)).rejects.toThrow(SettingsError);
        await expect(createEngine(settings)).rejects.toThrow(
          `${variable}: expected a duration, got "soon".`,
        );
      }
    },
  );

  it('reports inconsistent times in whole sentences', async () => {
    const settings = readSettings({
      ACCESS_TOKENS: 'stateless',
      ACCESS_TTL: '2d',
      ABSOLUTE_TTL: '1d',
    });
    await expect(createEngine(settings)).rejects.toThrow(
      "ACCESS_TTL: expected at most ABSOLUTE_TTL ('1d'), got '2d'.",
    );
  });

  it.each(['jwt', 'stateless'])(
    'needs the secret that processes on one Redis share: %s',
    async (kind) => {
      const settings = readSettings({ ACCESS_TOKENS: kind, REDIS_URL: 'redis://127.0.0.1:1' });
      await expect(createEngine(settings)).rejects.toThrow(SettingsError);
      await expect(createEngine(settings)).rejects.toThrow(/^JWT_SECRET: .* Write what 'openssl/);
    },
  );

  it('uses a random secret for sessions in memory', async () => {
    const { sessions, close } = await createEngine(readSettings({ ACCESS_TOKENS: 'stateless' }));
    const { accessToken } = await sessions.create({ subject: 'ada' });
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    await close();
  });
});
