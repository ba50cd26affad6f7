import { sleep } from '@sess/test-servers';
import { type Client, type Clients, createClients } from './clients.js';
import type { Kind } from './history.js';
import type { Prng } from './prng.js';
import type { Order } from './protocol.js';
import type { Recorder } from './recorder.js';
import type { AnswerMessage, WorkerPool } from './worker-pool.js';

export interface WorkloadOptions {
  readonly pool: WorkerPool;
  readonly recorder: Recorder;
  readonly prng: Prng;
  /** Subjects, and the shard that keeps each. */
  readonly subjects: ReadonlyMap<string, number>;
  /** Calls a second, in all. */
  readonly rate: number;
}

/** Honest clients of many processes. Each call goes to a process of chance, as behind a load balancer. */
export interface Workload {
  readonly clients: Clients;
  /** Signs a subject in. Without a client, `detail` is the fault. */
  signIn(
    subject: string,
    worker?: number,
  ): Promise<{ readonly client?: Client; readonly detail?: string }>;
  /** One call for a client, recorded; and what the client does about the answer. */
  call(client: Client, kind: Kind, worker?: number): Promise<AnswerMessage>;
  /** Calls at the given rate until told to stop; resolves when all have been answered. */
  run(isStopped: () => boolean): Promise<void>;
}

const TICK_MS = 10;
/** A cluster that is away holds calls for a second; more than these are not begun meanwhile. */
const AT_ONCE = 300;
const SESSIONS_OF_A_SUBJECT = 4;
const KEYS = ['k1', 'k2', 'k3', 'k4'] as const;

/** Out of a thousand calls; the rest are verifications. */
const SHARES = { create: 60, refresh: 160, update: 150, end: 24, endAll: 6, haunt: 170 } as const;

export function createWorkload(options: WorkloadOptions): Workload {
  const { pool, recorder, prng, subjects, rate } = options;
  const clients = createClients();
  const underWay = new Set<Promise<unknown>>();
  const anyWorker = (): number => prng.below(pool.size);
  let lastValue = 0;

  async function send(worker: number, order: Omit<Order, 'id'>): Promise<AnswerMessage> {
    const answer = await pool.order(worker, order);
    recorder.record(worker, subjects.get(order.subject) ?? -1, order, answer);
    return answer;
  }

  async function signIn(subject: string, worker = anyWorker()) {
    const answer = await send(worker, { kind: 'create', subject });
    const client = clients.add(subject, answer);
    const { detail } = answer;
    return {
      ...(client === undefined ? {} : { client }),
      ...(detail === undefined ? {} : { detail }),
    };
  }

  async function call(client: Client, kind: Kind, worker = anyWorker()): Promise<AnswerMessage> {
    const { subject, sid } = client;
    switch (kind) {
      case 'verify':
        return send(worker, { kind, subject, sid, token: client.accessToken });
      case 'refresh': {
        // After a fault the jar is as it was, so that the same token is presented again.
        const answer = await send(worker, { kind, subject, sid, token: client.refreshToken });
        clients.receive(client, answer);
        if (answer.outcome === 'failed') clients.sendOff(client);
        return answer;
      }
      case 'update': {
        const key = KEYS.find((one) => !client.patching.has(one)) ?? 'k0';
        client.patching.add(key);
        lastValue += 1;
        const order = { kind, subject, sid, patch: { key, value: lastValue } };
        return send(worker, order).finally(() => client.patching.delete(key));
      }
      case 'logout': {
        clients.sendOff(client);
        const token = prng.chance(0.5) ? client.refreshToken : client.accessToken;
        return send(worker, { kind, subject, sid, token });
      }
      case 'revoke':
        clients.sendOff(client);
        return send(worker, { kind, subject, sid });
      case 'create':
      case 'revokeAll':
        throw new TypeError(`'${kind}' is no call for one client`);
    }
  }

  async function endAll(subject: string): Promise<void> {
    const own = clients.liveOf(subject);
    const spared = own.length > 0 && prng.chance(0.5) ? prng.pick(own) : undefined;
    const ended = own.filter((client) => client !== spared);
    for (const client of ended) clients.sendOff(client);
    const sid = spared?.sid;
    await send(anyWorker(), {
      kind: 'revokeAll',
      subject,
      ...(sid === undefined ? {} : { spared: sid }),
    });
    await Promise.all(ended.map((client) => call(client, 'verify')));
  }

  /** Two tabs, or a client that did not wait: the same token through several processes at once. */
  async function refresh(client: Client): Promise<void> {
    const times = prng.chance(0.35) ? pool.size : 1;
    const first = anyWorker();
    const calls = Array.from({ length: times }, (_, n) =>
      call(client, 'refresh', (first + n) % pool.size),
    );
    const answers = await Promise.all(calls);
    const isOpen = answers.some(({ outcome }) => outcome === 'unknown');
    if (isOpen && prng.chance(0.5)) await call(client, 'refresh');
  }

  async function verify(client: Client): Promise<void> {
    const { outcome } = await call(client, 'verify');
    // What a client does with a 401: it refreshes, and is signed out if that fails too.
    if (outcome === 'failed' && !client.isOver) await call(client, 'refresh');
  }

  /** Ends a session in one process, and tries it at once in the others. */
  async function end(client: Client): Promise<void> {
    const worker = anyWorker();
    await call(client, prng.chance(0.5) ? 'revoke' : 'logout', worker);
    const others = Array.from({ length: pool.size }, (_, n) => n).filter((n) => n !== worker);
    await Promise.all(others.map((other) => call(client, 'verify', other)));
  }

  function act(): Promise<unknown> {
    let dice = prng.below(1_000);
    const isNext = (share: number): boolean => {
      dice -= share;
      return dice < 0;
    };
    const subject = prng.pick([...subjects.keys()]);
    const own = clients.liveOf(subject);
    if (isNext(SHARES.create) || own.length === 0) {
      return own.length < SESSIONS_OF_A_SUBJECT ? signIn(subject) : verify(prng.pick(own));
    }
    const client = prng.pick(own);
    if (isNext(SHARES.endAll)) return endAll(subject);
    if (isNext(SHARES.end)) return end(client);
    if (isNext(SHARES.refresh)) return refresh(client);
    if (isNext(SHARES.update)) {
      return client.patching.size < KEYS.length ? call(client, 'update') : verify(client);
    }
    if (isNext(SHARES.haunt) && clients.over.length > 0) {
      const ghost = prng.pick(clients.over);
      return call(ghost, prng.chance(0.9) ? 'verify' : 'refresh');
    }
    return verify(client);
  }

  async function run(isStopped: () => boolean): Promise<void> {
    let failure: unknown;
    const begun = performance.now();
    for (let made = 0; !isStopped() && failure === undefined; ) {
      const due = Math.floor(((performance.now() - begun) / 1_000) * rate);
      // After a stall of this process what was missed is not made up for in one burst.
      made = Math.max(made, due - AT_ONCE);
      for (; made < due && underWay.size < AT_ONCE; made += 1) {
        const action = act().catch((error: unknown) => {
          failure ??= error;
        });
        underWay.add(action);
        void action.then(() => underWay.delete(action));
      }
      made = Math.max(made, due);
      await sleep(TICK_MS);
    }
    await Promise.all(underWay);
    if (failure !== undefined) throw failure;
  }

  return { clients, signIn, call, run };
}
