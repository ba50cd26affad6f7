import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

/** The module as a new process has it: nobody has configured anything yet. */
const load = () => import('../src/sessions.js');

/** As in a process of its own. */
const forget = () => Reflect.deleteProperty(globalThis, Symbol.for('@sess/core/configured'));

/** What the process is warned of while something is done. */
async function warningsOf(act: () => unknown): Promise<readonly string[]> {
  const warnings: string[] = [];
  const record = (warning: Error) => void warnings.push(warning.message);
  process.on('warning', record);
  try {
    await act();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('warning', record);
  }
  return warnings;
}

beforeEach(() => {
  vi.resetModules();
  forget();
});

afterEach(() => {
  vi.resetModules();
});

describe('the process-wide engine', () => {
  it('the process-wide engine is created once, with defaults if none was configured', async () => {
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

  it('the process-wide engine is replaced for all later callers of getSessions when it is configured again', async () => {
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

  it('the process-wide engine is not created silently when another copy of the package was configured; the error names the repair', async () => {
    const installed = await load();
    installed.configureSessions({});
    expect(await warningsOf(installed.getSessions)).toEqual([]);
    vi.resetModules();
    const nested = await load();
    expect(await warningsOf(nested.getSessions)).toEqual([
      expect.stringMatching(/another copy of @sess\/core.+npm ls @sess\/core.+npm dedupe/),
    ]);
    expect(await warningsOf(nested.getSessions)).toEqual([]);
    vi.resetModules();
    const configured = await load();
    configured.configureSessions({});
    expect(await warningsOf(configured.getSessions)).toEqual([]);
  });

  it('is not there at load: nothing is made before it is asked for', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    try {
      expect(await warningsOf(load)).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
