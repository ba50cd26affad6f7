import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

/** The module as a new process has it: nobody has configured anything yet. */
const load = () => import('../src/default-sessions.js');

beforeEach(() => {
  vi.resetModules();
});

afterEach(() => {
  vi.resetModules();
});

describe('the process-wide engine', () => {
  it('is made with defaults when nobody configured it, and made once', async () => {
    const { getSessions } = await load();
    const sessions = getSessions();
    expect(getSessions()).toBe(sessions);
    const { accessToken } = await sessions.create({ subject: 'user-1' });
    expect(await sessions.verify(accessToken)).toMatchObject({
      ok: true,
      session: { subject: 'user-1' },
    });
  });

  it('is the one that configureSessions made, options and all', async () => {
    const { configureSessions, getSessions } = await load();
    const configured = configureSessions({ accessTtl: '2m' });
    expect(getSessions()).toBe(configured);
    const issued = await getSessions().create({ subject: 'user-1' });
    expect(issued.accessTokenExpiresAt - issued.issuedAt).toBe(120_000);
  });

  it('gives way to a later configuration for whoever asks next', async () => {
    const { configureSessions, getSessions } = await load();
    const first = getSessions();
    const second = configureSessions({});
    expect(second).not.toBe(first);
    expect(getSessions()).toBe(second);
  });

  it('stays what it was when a configuration is refused', async () => {
    const { configureSessions, getSessions } = await load();
    const configured = configureSessions({});
    expect(() => configureSessions({ accessTtl: '15 minutes' as never })).toThrow("Write '15m'");
    expect(getSessions()).toBe(configured);
  });

  it('is not there at load: nothing is made before it is asked for', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const warnings: string[] = [];
    const record = (warning: Error) => void warnings.push(warning.message);
    process.on('warning', record);
    try {
      await load();
      await new Promise((resolve) => setImmediate(resolve));
      expect(warnings).toEqual([]);
    } finally {
      process.off('warning', record);
      vi.unstubAllEnvs();
    }
  });
});
