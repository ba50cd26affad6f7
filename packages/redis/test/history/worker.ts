// One process of the application: carries out the orders of the test with an engine and a client of its own.
import { createSessions, type Issued, isSessError, type Session } from '@sess/core';
import { failFastCluster, redisStore } from '@sess/redis';
import { Cluster } from 'ioredis';
import { readClock } from './history.js';
import type { Message, Order, Result, WorkerConfig } from './protocol.js';
import { watchStarvation } from './starvation.js';

type Data = Record<string, number>;

const { endpoints, keyPrefix, grace } = JSON.parse(process.argv[2] ?? '') as WorkerConfig;
const client = new Cluster([...endpoints], failFastCluster);
// Without a listener each failed attempt would be printed.
client.on('error', () => {});
const readStarved = watchStarvation();
const silence = (): void => {};
const sessions = createSessions<Data>({
  store: redisStore(client, { keyPrefix }),
  grace: grace as `${number}s`,
  logger: { debug: silence, info: silence, warn: silence, error: silence },
});

function send(message: Message): void {
  // Gone with the test; so is whoever would have read it.
  if (process.connected) process.send?.(message, () => {});
}

sessions.on('reuse', ({ sid, alternative }) => {
  // A failover that lost a rotation is reported as such, and is no sign of a theft.
  if (alternative === undefined) send({ type: 'event', at: readClock(), name: 'reuse', sid });
});
sessions.on('revoked', ({ cause, sid }) => {
  if (sid !== undefined) send({ type: 'event', at: readClock(), name: 'revoked', cause, sid });
});

const NO: Result = { outcome: 'failed' };

function shown(session: Session<Data> | undefined): Result {
  return session === undefined ? NO : { outcome: 'ok', sid: session.sid, seen: session.data };
}

function handedOut(issued: Issued<Data>): Result {
  const { accessToken, refreshToken } = issued;
  return { ...shown(issued.session), accessToken, refreshToken };
}

async function perform(order: Order): Promise<Result> {
  const { kind, subject, sid = '', token, spared, patch } = order;
  switch (kind) {
    case 'create':
      return handedOut(await sessions.create({ subject, data: {} }));
    case 'verify': {
      const answer = await sessions.verify(token);
      return answer.ok ? shown(answer.session) : { ...NO, detail: answer.reason };
    }
    case 'refresh': {
      const answer = await sessions.refresh(token);
      return answer.ok ? handedOut(answer) : { ...NO, detail: answer.reason };
    }
    case 'update':
      return shown(
        await sessions.update(sid, patch === undefined ? {} : { [patch.key]: patch.value }),
      );
    case 'revoke':
      return (await sessions.revoke(sid)) ? { outcome: 'ok' } : NO;
    case 'logout':
      return (await sessions.end(
        token?.startsWith('srt_') ? { refreshToken: token } : { accessToken: token ?? '' },
      ))
        ? { outcome: 'ok' }
        : NO;
    case 'revokeAll': {
      const count = await sessions.revokeAll(
        subject,
        spared === undefined ? {} : { except: spared },
      );
      return { outcome: 'ok', detail: String(count) };
    }
  }
}

async function obey(order: Order): Promise<void> {
  const from = readClock();
  const starvedBefore = readStarved();
  let result: Result;
  try {
    result = await perform(order);
  } catch (error) {
    const isPromised = isSessError(error) && error.code === 'store_unavailable';
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
    result = {
      outcome: 'unknown',
      detail: `${String(error)} ${cause}`.trim(),
      isUnexpected: !isPromised,
    };
  }
  const starved = readStarved() - starvedBefore;
  send({ type: 'answer', id: order.id, from, to: readClock(), starved, ...result });
}

process.on('message', (order: Order) => void obey(order));
// The test is over, or dead.
process.on('disconnect', () => process.exit());
client.once('ready', () => send({ type: 'ready' }));
