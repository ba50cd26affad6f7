import { inspect } from 'node:util';
import { createSessions, StoreUnavailableError } from '@sess/core';
import { redisStore } from '@sess/redis';
import { silentLogger } from '@sess/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CLIENTS } from '../clients.js';
import { useServer } from './arrange.js';

describe('what a server refuses', () => {
  test.each(Object.entries(CLIENTS))(
    'a refused write is reported without its content: %s [logs.errors]',
    async (_name, open) => {
      const server = await useServer(onTestFinished, { 'maxmemory-policy': 'noeviction' });
      const { client, close } = await open(server.url);
      onTestFinished(close);
      const sessions = createSessions({ store: redisStore(client), logger: silentLogger });
      const told: unknown[] = [];
      sessions.on('store-error', ({ error }) => void told.push(error));
      const { refreshToken } = await sessions.create({ subject: 'ada' });
      await server.command('CONFIG', 'SET', 'maxmemory', '1');

      const input = { subject: 'canary-subject', data: { pin: 'canary-4711' } };
      const thrown = await sessions.create(input).catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(StoreUnavailableError);
      await expect(sessions.refresh(refreshToken)).rejects.toThrow(StoreUnavailableError);
      expect(told.length).toBeGreaterThan(1);
      const text = inspect([thrown, told], { depth: 10, showHidden: true, maxStringLength: null });
      expect(text).toContain('OOM');
      expect(text).not.toContain('canary-');
      expect(text).not.toContain('EVALSHA');
    },
  );
});
