// One process of the application: carries out the orders of the test with an engine on a store of its own.
import { createSessions, type Issued, isSessError, type Session, type Sessions } from '@sess/core';
import type { SessionStore } from '@sess/core/store';
import { readClock } from './history.js';
import type { Message, Order, Result } from './protocol.js';
import { watchStarvation } from './starvation.js';

type Data = Record<string, number>;

const silence = (): void => {};
const NO: Result = { outcome: 'failed' };

/** Returns what the pool has started this process with. */
export function readConfig<Config>(): Config {
  return JSON.parse(process.argv[2] ?? '') as Config;
}

function send(message: Message): void {
  // Gone with the test; so is whoever would have read it.
  if (process.connected) process.send?.(message, () => {});
}

function shown(session: Session<Data> | undefined): Result {
  return session === undefined ? NO : { outcome: 'ok', sid: session.sid, seen: session.data };
}

function handedOut(issued: Issued<Data>): Result {
  const { accessToken, refreshToken } = issued;
  return { ...shown(issued.session), accessToken, refreshToken };
}

async function perform(sessions: Sessions<Data>, order: Order): Promise<Result> {
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

/** Creates an engine on a store and carries out orders until the test ends. `ready` resolves when the store is connected. */
export function serveOrders(given: {
  readonly store: SessionStore;
  readonly grace: `${number}s`;
  readonly ready: Promise<unknown>;
}): void {
  const readStarved = watchStarvation();
  const sessions = createSessions<Data>({
    store: given.store,
    grace: given.grace,
    logger: { debug: silence, info: silence, warn: silence, error: silence },
  });
  sessions.on('reuse', ({ sid, alternative }) => {
    // A failover that lost a rotation is reported as such, and is no sign of a theft.
    if (alternative === undefined) send({ type: 'event', at: readClock(), name: 'reuse', sid });
  });
  sessions.on('revoked', ({ cause, sid }) => {
    if (sid !== undefined) send({ type: 'event', at: readClock(), name: 'revoked', cause, sid });
  });

  async function obey(order: Order): Promise<void> {
    const from = readClock();
    const starvedBefore = readStarved();
    let result: Result;
    try {
      result = await perform(sessions, order);
    } catch (error) {
      const isPromised = isSessError(error) && error.code === 'store_unavailable';
      const cause =
        error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
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
  void given.ready.then(() => send({ type: 'ready' }));
}
