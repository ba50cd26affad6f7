import { type RedisServer, startTcpProxy } from '@sess/test-servers';
import { dump, type OnFinished, useServer } from '../../packages/redis/test/faults/arrange.js';
import type { Trap } from './trap.js';

/** What an operator sees who watches a server: every command that it is sent, and all that it holds. */
export async function useWatchedServer(onFinished: OnFinished, trap: Trap) {
  const server = await useServer(onFinished);
  const proxy = await startTcpProxy({ target: server });
  onFinished(() => proxy.close());
  proxy.hooks.onRequest = ({ command, args }) => {
    trap.wrote('command', [command, ...args.map((arg) => arg.toString('latin1'))].join('\n'));
    return 'pass';
  };
  return {
    server,
    proxy,
    async read(): Promise<void> {
      for (const entry of await dump(server)) trap.wrote('store', entry);
    },
  };
}

export type WatchedServer = Awaited<ReturnType<typeof useWatchedServer>>;

/** A fault, while it lasts, and how it ends. */
export type Fault = readonly [name: string, begin: () => unknown, end: () => unknown];

/** Everything that may become of a server under an application, but its end. */
export function faultsOf({ server, proxy }: WatchedServer): readonly Fault[] {
  const set = (name: string, value: string) => server.command('CONFIG', 'SET', name, value);
  return [
    [
      'no connection',
      () => {
        proxy.refuse();
        proxy.cut();
      },
      () => proxy.pass(),
    ],
    ['answers that are lost', () => proxy.dropReplies(20), () => proxy.pass()],
    ['silence', () => proxy.silence(), () => proxy.pass()],
    ['no memory', () => set('maxmemory', '1'), () => set('maxmemory', '0')],
    ['no scripts', () => server.command('SCRIPT', 'FLUSH'), () => {}],
    [
      'no writes',
      () => server.command('REPLICAOF', '127.0.0.1', '1'),
      () => server.command('REPLICAOF', 'NO', 'ONE'),
    ],
  ];
}

/** Puts something else in the place of everything that there is. */
export async function spoil(server: RedisServer): Promise<void> {
  for (const key of (await dump(server)).keys()) await server.command('SET', key, 'spoiled');
}
