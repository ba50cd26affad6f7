import { serverChoices, startRedisServer, until } from '@sess/test-servers';
import { describe, expect, inject, test } from 'vitest';
import { redisAt } from './clients.js';

for (const { title, skip, binary } of serverChoices(inject('servers'))) {
  describe.skipIf(skip)(`a server, ${title}`, () => {
    test('keeps late writes over a pause, and its data and port over a kill', async () => {
      const server = await startRedisServer({
        binary: binary(),
        config: { appendonly: 'yes', appendfsync: 'always' },
      });
      const client = redisAt(server.port, { commandTimeout: 100 });
      try {
        await client.set('a', '1');
        await server.pause();
        await expect(client.set('a', '2')).rejects.toThrow(/timed out/);
        server.resume();
        await until(async () => (await client.get('a')) === '2', { what: 'the late write' });
        const { pid } = server;
        await server.kill();
        expect(server.running).toBe(false);
        await server.restart();
        expect(server.pid).not.toBe(pid);
        expect(await server.command('GET', 'a')).toBe('2');
      } finally {
        client.disconnect();
        await server.stop();
      }
      // A second stop is for `finally` blocks, which do not know of the first.
      await server.stop();
      await expect(server.command('PING')).rejects.toThrow();
    });

    test('every server of many has a separate port', async () => {
      const servers = await Promise.all(
        Array.from({ length: 10 }, () => startRedisServer({ binary: binary() })),
      );
      try {
        expect(new Set(servers.map(({ port }) => port)).size).toBe(10);
      } finally {
        await Promise.all(servers.map((server) => server.stop()));
      }
    });

    test('a server that does not start reports the reason', async () => {
      const server = await startRedisServer({ binary: binary() });
      try {
        const second = startRedisServer({ binary: binary(), port: server.port });
        await expect(second).rejects.toThrow(/in use/);
      } finally {
        await server.stop();
      }
      const odd = startRedisServer({ binary: binary(), config: { nonsense: '1' } });
      await expect(odd).rejects.toThrow(/nonsense/);
      const smuggled = startRedisServer({ binary: binary(), config: { save: '""\nport 1' } });
      await expect(smuggled).rejects.toThrow(/line break/);
    });
  });
}
