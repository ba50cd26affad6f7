import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Sessions, SessionsOptions } from '@sess/core';

const CHILD = fileURLToPath(new URL('./child.mjs', import.meta.url));

/** What a child is asked to do; answers have been through JSON. */
type Asked = Pick<
  Sessions,
  'create' | 'verify' | 'refresh' | 'update' | 'revoke' | 'revokeAll' | 'list' | 'ready'
>;

/** An application in a process of its own. What fails there rejects here, under the same name. */
export interface AppProcess extends Asked {
  readonly pid: number | undefined;
  /** The events `reuse` and `revoked` that its engine has told of. */
  events(): Promise<readonly { readonly name: string; readonly sid?: string }[]>;
  kill(): Promise<void>;
}

interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly failure?: { readonly name: string; readonly message: string };
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Starts an engine with these options on the Redis at `url`, from dist; resolves when it is ready. */
export async function startAppProcess(
  url: string,
  options: Pick<SessionsOptions, 'grace' | 'maxPerSubject' | 'onLimit'> = {},
): Promise<AppProcess> {
  // Without vitest's own arguments: they would have the child look for sources.
  const child = fork(CHILD, [JSON.stringify({ url, options })], { execArgv: [] });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the process has ended'));
  });
  await ready(child);
  child.on('message', ({ id, value, failure }: Reply) => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (failure === undefined) call?.resolve(value);
    else call?.reject(Object.assign(new Error(failure.message), { name: failure.name }));
  });

  const ask = (method: string, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      child.send({ id: lastId, method, args });
    });
  const asking = <Name extends keyof Asked>(method: Name): Asked[Name] =>
    ((...args: unknown[]) => ask(method, args)) as Asked[Name];
  return {
    pid: child.pid,
    create: asking('create'),
    verify: asking('verify'),
    refresh: asking('refresh'),
    update: asking('update'),
    revoke: asking('revoke'),
    revokeAll: asking('revokeAll'),
    list: asking('list'),
    ready: asking('ready'),
    events: () => ask('events', []) as ReturnType<AppProcess['events']>,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function ready(child: ChildProcess): Promise<void> {
  const failed = once(child, 'exit').then(() => {
    throw new Error('the process ended before it was ready');
  });
  await Promise.race([once(child, 'message'), failed]);
  // From now on an end is no failure.
  failed.catch(() => {});
}
