import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Sessions } from '@sess/core';
import type { HttpOptions } from '@sess/core/http';
import { createFaultyStore, silentLogger } from '@sess/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';

export interface Answer {
  readonly status: number;
  readonly code: unknown;
}

export type Send = (method: string, path: string, token?: string) => Promise<Answer>;

/** Installs another copy of the built core, as an application has it whose dependencies were not deduplicated. */
async function importCopy(): Promise<typeof import('@sess/core')> {
  const folder = mkdtempSync(join(tmpdir(), 'sess-core-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const part of ['package.json', 'dist'])
    cpSync(join('packages/core', part), join(folder, part), { recursive: true });
  return import(pathToFileURL(join(folder, 'dist/index.js')).href);
}

/** Starts an application with `GET /` for everyone, `GET /me` for users and `POST /login` for "ada". */
export type StartHost = (sessions: Sessions, options: HttpOptions) => Promise<Send> | Send;

/** Returns the headers of a request with a token. */
export const headersOf = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

/** Returns what the tests compare of a response. */
export async function read(response: Response): Promise<Answer> {
  const { code } = (await response.json()) as { code?: unknown };
  return { status: response.status, code };
}

/** Tests an adapter with an engine of another copy of the package than its own. */
export function describeTwoCopies(startHost: StartHost): void {
  describe('an engine of another copy of @sess/core', () => {
    async function arrange(options: HttpOptions = {}) {
      const core = await importCopy();
      const faulty = createFaultyStore(core.memoryStore());
      const sessions = core.createSessions({
        // Nothing cached, so that each verification loads.
        store: { ...faulty.store, getCached: undefined } as never,
        logger: silentLogger,
        maxPerSubject: 1,
        onLimit: 'reject',
      });
      const { accessToken } = await sessions.create({ subject: 'ada' });
      return { send: await startHost(sessions, options), faulty, accessToken };
    }

    it('lets a user pass, and refuses a token that is unknown', async () => {
      const { send, accessToken } = await arrange();
      expect(await send('GET', '/me', accessToken)).toMatchObject({ status: 200 });
      expect(await send('GET', '/me', 'unknown')).toEqual({ status: 401, code: 'invalid_token' });
    });

    it('is known to fail when its store does', async () => {
      const { send, faulty, accessToken } = await arrange();
      faulty.fail();
      expect(await send('GET', '/', accessToken)).toEqual({
        status: 503,
        code: 'store_unavailable',
      });
    });

    it('serves anonymous requests while its store fails, if it is configured to', async () => {
      const { send, faulty, accessToken } = await arrange({ onStoreError: 'anonymous' });
      faulty.fail();
      expect(await send('GET', '/', accessToken)).toMatchObject({ status: 200 });
    });

    it('has errors that the error handler recognises', async () => {
      const { send } = await arrange();
      expect(await send('POST', '/login')).toEqual({ status: 409, code: 'session_limit_reached' });
    });
  });
}
