import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readClock } from './history.js';
import type { Message, Order } from './protocol.js';

export type AnswerMessage = Extract<Message, { type: 'answer' }>;
export type EventMessage = Extract<Message, { type: 'event' }>;

/** Several processes that take orders. */
export interface WorkerPool {
  readonly size: number;
  /** Has a worker make a call. Rejects when the worker is gone by itself; one that was killed leaves it unknown. */
  order(worker: number, order: Omit<Order, 'id'>): Promise<AnswerMessage>;
  /** Kills a worker, without a chance to finish anything. */
  kill(worker: number): Promise<void>;
  /** Starts a killed worker again, and resolves when it is connected. */
  restart(worker: number): Promise<void>;
  /** Has a worker stand still, and go on. */
  signal(worker: number, signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Orders that have not been answered. */
  waiting(): readonly string[];
  stop(): Promise<void>;
}

const START_MS = 20_000;

/** Starts so many workers, and resolves when each is connected to the store. */
export async function startWorkers(
  file: string,
  config: unknown,
  given: {
    readonly size: number;
    readonly onEvent: (worker: number, event: EventMessage) => void;
  },
): Promise<WorkerPool> {
  const start = (index: number): Worker =>
    startWorker(file, config, (event) => given.onEvent(index, event));
  const workers = Array.from({ length: given.size }, (_, index) => start(index));
  const choose = (index: number): Worker => {
    const chosen = workers[index];
    if (chosen === undefined) throw new RangeError(`There is no worker ${index}.`);
    return chosen;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(workers.map((worker) => worker.stop()));
  };
  try {
    await Promise.all(workers.map(({ ready }) => ready));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    size: workers.length,
    order: async (worker, order) => choose(worker).order(order),
    kill: (worker) => choose(worker).stop(),
    async restart(worker) {
      workers[worker] = start(worker);
      await choose(worker).ready;
    },
    signal: (worker, signal) => choose(worker).signal(signal),
    waiting: () => workers.flatMap((worker) => worker.waiting()),
    stop,
  };
}

interface Worker {
  readonly ready: Promise<void>;
  order(order: Omit<Order, 'id'>): Promise<AnswerMessage>;
  waiting(): readonly string[];
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

interface Waiting {
  readonly order: Order;
  readonly from: number;
  readonly resolve: (answer: AnswerMessage) => void;
  readonly reject: (error: Error) => void;
}

function startWorker(
  file: string,
  config: unknown,
  onEvent: (event: EventMessage) => void,
): Worker {
  // The conditions and hooks of the test runner are none of its business.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawn(process.execPath, [file, JSON.stringify(config)], {
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let stderr = '';
  let isKilled = false;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-4_000);
  });
  const ended = once(child, 'exit').then(() => {
    for (const { order, from, resolve, reject } of waiting.values()) {
      if (isKilled) resolve(killed(order.id, from));
      else reject(new Error(`a worker ended: ${stderr}`));
    }
    waiting.clear();
  });
  const ready = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`a worker is not ready: ${stderr}`)), START_MS);
    child.on('message', (message: Message) => {
      if (message.type === 'event') return onEvent(message);
      if (message.type === 'answer') {
        waiting.get(message.id)?.resolve(message);
        waiting.delete(message.id);
        return;
      }
      clearTimeout(timer);
      resolve();
    });
    void ended.then(() => {
      clearTimeout(timer);
      reject(new Error(`a worker ended: ${stderr}`));
    });
  });
  // Looked at by whoever starts the workers; a later end is told to those who wait for an answer.
  ready.catch(() => {});
  return {
    ready,
    order: (given) =>
      new Promise((resolve, reject) => {
        lastId += 1;
        const order: Order = { ...given, id: lastId };
        const from = readClock();
        if (isKilled) return resolve(killed(order.id, from));
        waiting.set(order.id, { order, from, resolve, reject });
        child.send(order, (error) => {
          // The end of the process rejects it, with the reason; unless that was before.
          if (error !== null) void ended.then(() => reject(new Error(`a worker ended: ${stderr}`)));
        });
      }),
    waiting: () =>
      [...waiting.values()].map(
        ({ order }) => `${order.kind} of ${order.subject}, pid ${child.pid}`,
      ),
    signal: (signal) => void child.kill(signal),
    stop: () => {
      isKilled = true;
      return end(child, ended);
    },
  };
}

/** What a client hears of a process that dies: nothing, in no time. */
function killed(id: number, from: number): AnswerMessage {
  return {
    type: 'answer',
    id,
    from,
    to: readClock(),
    // Not the library's time.
    starved: readClock() - from,
    outcome: 'unknown',
    detail: 'the process was killed',
  };
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await ended;
}
