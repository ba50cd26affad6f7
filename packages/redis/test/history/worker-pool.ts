import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Message, Order, WorkerConfig } from './protocol.js';

export type AnswerMessage = Extract<Message, { type: 'answer' }>;
export type EventMessage = Extract<Message, { type: 'event' }>;

/** Several processes that take orders. */
export interface WorkerPool {
  readonly size: number;
  /** Has a worker make a call. Rejects when the worker is gone. */
  order(worker: number, order: Omit<Order, 'id'>): Promise<AnswerMessage>;
  /** Orders that have not been answered. */
  waiting(): readonly string[];
  stop(): Promise<void>;
}

const START_MS = 20_000;

/** Starts so many workers, and resolves when each is connected to the cluster. */
export async function startWorkers(
  file: string,
  config: WorkerConfig,
  given: {
    readonly size: number;
    readonly onEvent: (worker: number, event: EventMessage) => void;
  },
): Promise<WorkerPool> {
  const workers = Array.from({ length: given.size }, (_, index) =>
    startWorker(file, config, (event) => given.onEvent(index, event)),
  );
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
    order(worker, order) {
      const chosen = workers[worker];
      if (chosen === undefined) throw new RangeError(`There is no worker ${worker}.`);
      return chosen.order(order);
    },
    waiting: () => workers.flatMap((worker) => worker.waiting()),
    stop,
  };
}

interface Worker {
  readonly ready: Promise<void>;
  order(order: Omit<Order, 'id'>): Promise<AnswerMessage>;
  waiting(): readonly string[];
  stop(): Promise<void>;
}

interface Waiting {
  readonly order: Order;
  readonly resolve: (answer: AnswerMessage) => void;
  readonly reject: (error: Error) => void;
}

function startWorker(
  file: string,
  config: WorkerConfig,
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
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-2_000);
  });
  const ended = once(child, 'exit').then(() => {
    for (const { reject } of waiting.values()) reject(new Error(`a worker ended: ${stderr}`));
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
        waiting.set(order.id, { order, resolve, reject });
        child.send(order, (error) => {
          if (error !== null) reject(error);
        });
      }),
    waiting: () =>
      [...waiting.values()].map(
        ({ order }) => `${order.kind} of ${order.subject}, pid ${child.pid}`,
      ),
    stop: () => end(child, ended),
  };
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await ended;
}
