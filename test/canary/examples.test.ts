import { randomBytes } from 'node:crypto';
import { describe, it } from 'vitest';
import { startExample } from '../demo/process.js';
import { TOKEN_MODES } from '../token-modes.js';
import { faultsOf, spoil, useWatchedServer } from './server.js';
import { createTrap } from './trap.js';
import { createVisitor, mistakesOf, visitsOf } from './visits.js';

const CASES = ['express', 'fastify', 'hono'].flatMap((name) =>
  TOKEN_MODES.map((mode) => [name, mode] as const),
);

/** A password for the server is a secret as well. */
const PASSWORD = randomBytes(24).toString('hex');

describe('the processes of the examples', () => {
  it.for(CASES)(
    'the examples print no secret, for every request and after every fault: %s, %s [logs.lines, logs.errors, logs.kept, logs.responses]',
    { timeout: 60_000 },
    async ([name, mode], { expect, onTestFinished }) => {
      const trap = createTrap();
      const secret = randomBytes(48).toString('base64');
      trap.secret('key', secret);
      trap.secret('password', PASSWORD);
      const watched = await useWatchedServer(onTestFinished, trap);
      await watched.server.command(
        'ACL',
        'SETUSER',
        'app',
        'on',
        `>${PASSWORD}`,
        '~*',
        '&*',
        '+@all',
      );
      const url = watched.proxy.url.replace('//', `//app:${PASSWORD}@`);
      const example = await startExample(name, {
        REDIS_URL: url,
        ACCESS_TOKENS: mode,
        JWT_SECRET: secret,
        GRACE: '0s',
      });
      onTestFinished(async () => void (await example.stop()));
      const visitor = createVisitor(example.base, trap);

      for (const [, begin, end] of faultsOf(watched)) {
        const [holder, other] = [
          await visitor.signInAtLast('ada'),
          await visitor.signInAtLast('bea'),
        ];
        await visitor.sendAll(mistakesOf(other));
        for (const visit of visitsOf(other)) await visitor.send(visit);
        // Spent by now.
        await visitor.send({ method: 'POST', path: '/session/refresh', headers: [other.carried] });
        await begin();
        await visitor.sendAll([...visitsOf(holder), ...mistakesOf(holder)]);
        await visitor.send({ method: 'POST', path: '/session/logout', headers: [holder.carried] });
        await end();
      }
      const holder = await visitor.signInAtLast('ada');
      await watched.read();
      await spoil(watched.server);
      await visitor.sendAll(visitsOf(holder));

      const { code, stdout, stderr } = await example.stop();
      expect(code).toBe(0);
      trap.wrote('stdout', stdout);
      trap.wrote('stderr', stderr);
      expect(trap.leaks().filter((leak) => leak !== 'password in command')).toEqual([]);
      // It says that it lost the server, and that is all that it says.
      expect(stderr).toMatch(/redis: /);
      expect(visitor.statuses()).toEqual(expect.arrayContaining([200, 204, 400, 401, 404, 503]));
      expect(trap.secrets()).toBeGreaterThan(mode === 'stateless' ? 15 : 80);
      trap.wrote('stdout', holder.token);
      expect(trap.leaks()).toContain(`${mode === 'opaque' ? 'access' : 'signed'} token in stdout`);
    },
  );
});
