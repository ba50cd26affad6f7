import type { Operation, ToldEvent } from './history.js';
import type { Names } from './names.js';
import type { Order } from './protocol.js';
import type { AnswerMessage, EventMessage } from './worker-pool.js';

/** Writes the history while it happens. */
export interface Recorder {
  readonly operations: Operation[];
  readonly events: ToldEvent[];
  record(worker: number, shard: number, order: Omit<Order, 'id'>, answer: AnswerMessage): void;
  tell(worker: number, event: EventMessage): void;
}

/** Puts names in the place of ids and tokens. */
export function createRecorder(names: Names): Recorder {
  const operations: Operation[] = [];
  const events: ToldEvent[] = [];
  const kindOf = (token: string): string =>
    token.startsWith('srt_')
      ? names.refresh(token).name
      : // One that no answer had brought could not be presented.
        names.access(token, `${names.session(token.slice(4, 36))}/r`);

  return {
    operations,
    events,
    record(worker, shard, order, answer) {
      const { kind, subject, token, spared, patch } = order;
      const { from, to, starved, outcome, detail, isUnexpected, seen, accessToken, refreshToken } =
        answer;
      const sid = order.sid ?? answer.sid;
      const refresh = refreshToken === undefined ? undefined : names.refresh(refreshToken);
      const issued =
        refresh === undefined || accessToken === undefined
          ? undefined
          : {
              refresh: refresh.name,
              access: names.access(accessToken, refresh.name),
              generation: refresh.generation,
            };
      operations.push({
        id: operations.length + 1,
        kind,
        worker,
        shard,
        subject,
        from,
        to,
        starved,
        outcome,
        ...(sid === undefined ? {} : { session: names.session(sid) }),
        ...(token === undefined ? {} : { token: kindOf(token) }),
        ...(spared === undefined ? {} : { spared: names.session(spared) }),
        ...(patch === undefined ? {} : { patch }),
        ...(detail === undefined ? {} : { detail }),
        ...(isUnexpected === undefined ? {} : { isUnexpected }),
        ...(issued === undefined ? {} : { issued }),
        ...(seen === undefined ? {} : { seen }),
      });
    },
    tell(worker, { at, name, cause, sid }) {
      events.push({
        at,
        worker,
        name,
        ...(cause === undefined ? {} : { cause }),
        ...(sid === undefined ? {} : { session: names.session(sid) }),
      });
    },
  };
}
