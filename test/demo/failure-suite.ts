import { createSessions, memoryStore } from '@sess/core';
import type { SessionStore } from '@sess/core/store';
import { expect, it, vi } from 'vitest';
import { Client } from './client.js';
import { expectProblem } from './face-suite.js';
import type { Host } from './host.js';

/** Well-formed, so that the store is asked, but never issued. */
const WELL_FORMED_TOKEN = `sat_${'A'.repeat(32)}.${'A'.repeat(43)}`;

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** Tests the responses of the demo when its store or program fails. */
export function failureSuite(host: Host): void {
  async function withStore(
    broken: Partial<SessionStore>,
    work: (client: Client) => Promise<void>,
  ): Promise<void> {
    const store = { ...memoryStore(), ...broken };
    const hosted = await host(createSessions({ store, logger: SILENT }));
    try {
      await work(new Client(hosted.base));
    } finally {
      await hosted.close();
    }
  }

  it('the demo responds with 503 while the store fails, and keeps the cookie', async () => {
    const load = () => Promise.reject(new Error('secret of the store'));
    await withStore({ load }, async (client) => {
      const answers = [
        await client.send('POST', '/login', { json: { user: 'ada' } }),
        await client.send('GET', '/public', {
          token: WELL_FORMED_TOKEN,
        }),
      ];
      for (const answer of answers) {
        expectProblem(answer, 503, 'store_unavailable');
        expect(answer.headers.get('Retry-After')).toBe('1');
        expect(answer.setCookies).toEqual([]);
        expect(answer.text).not.toContain('secret');
      }
      expect((await client.send('GET', '/public')).status).toBe(200);
    });
  });

  it('the demo responds with 500 without details of a program error, and logs it', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    const verify = () => Promise.reject(new TypeError('undefined is not a function (program.ts)'));
    const hosted = await host({ ...createSessions({ logger: SILENT }), verify });
    try {
      const client = new Client(hosted.base);
      const answer = await client.send('GET', '/me', { token: WELL_FORMED_TOKEN });
      expectProblem(answer, 500, 'internal_error');
      expect(Object.keys(answer.json)).toEqual(['title', 'status', 'detail', 'code']);
      expect(answer.text).not.toMatch(/TypeError|undefined|\.ts|\.js/);
    } finally {
      await hosted.close();
    }
    expect(log).toHaveBeenCalledOnce();
    log.mockRestore();
  });
}
