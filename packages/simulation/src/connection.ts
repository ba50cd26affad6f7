import type { SessionStore, WriteContext } from '@sess/core/store';
import type { Backend } from './backend.js';
import type { Ledger } from './ledger.js';
import { LONGEST_EXCHANGE, type Weather } from './plan.js';
import type { StoreCall } from './store-call.js';
import { currentVisit, drawCallFate } from './visits.js';

/** A process as its connection to the store sees it. */
export interface Host {
  readonly name: string;
  readonly isDead: boolean;
}

/**
 * The store as one process reaches it: every call travels there and back, and anything may happen before it is
 * executed and before its result arrives.
 */
export function connect(
  { ledger, backend, weather }: { ledger: Ledger; backend: Backend; weather: Weather },
  host: Host,
): SessionStore {
  const { timeline } = ledger;
  const { timeout } = backend;

  function call<Answer>(given: StoreCall, isConditionalEnd = false): Promise<Answer> {
    const visit = currentVisit.getStore();
    const fate = drawCallFate(visit, weather);
    const begun = timeline.now();
    const what = `${host.name}: ${given.operation} of ${nameOf(ledger, given)} for ${visit?.name ?? 'no request'}`;
    let isOver = false;

    return new Promise<Answer>((resolve, reject) => {
      function giveUp(why: string): void {
        if (isOver || host.isDead) return;
        isOver = true;
        ledger.tell(() => `${what}: ${why}`);
        reject(new Error(`the simulated store: ${why}`));
      }

      function deliver(answer: unknown): void {
        if (isOver || host.isDead) return;
        isOver = true;
        const { status } = answer as { readonly status?: string };
        // From here on it is the engine's to tell of it.
        if (given.operation === 'remove' && status === 'removed') {
          ledger.storyOf(given.target)[isConditionalEnd ? 'endsMade' : 'signOutsMade'] += 1;
        }
        resolve(answer as Answer);
      }

      async function execute(isHeard: boolean): Promise<void> {
        noteSlowness(ledger, given.target, timeline.now() - (visit?.sentAt ?? begun));
        if (visit !== undefined) ledger.stories.get(given.target)?.visits.add(visit);
        try {
          const result = await backend.execute(given);
          ledger.tell(
            () => `${what}: ${summarise(result)}${isHeard ? '' : ' (lost on the way back)'}`,
          );
          if (isHeard) timeline.after(fate.back, () => deliver(result));
        } catch (error) {
          if (isHeard) timeline.after(fate.back, () => giveUp(String(error)));
        }
      }

      const { lost, again, out } = fate;
      const isSilent = lost === 'request' || (lost === 'reply' && again === undefined);
      if (lost !== 'request') timeline.after(out, () => execute(lost === undefined));
      if (again !== undefined && given.isWrite && lost !== 'request') {
        // A client that sends again after silence receives the second result.
        timeline.after(out + again, () => execute(lost === 'reply'));
      }
      if (isSilent && fate.breaks)
        timeline.after(out + fate.back, () => giveUp('the connection broke'));
      else if (isSilent || out + fate.back + (again ?? 0) >= timeout) {
        timeline.after(timeout, () => giveUp('no response in time'));
      }
    });
  }

  const write = <Answer>(
    given: Pick<StoreCall, 'operation' | 'target' | 'send' | 'except'> & {
      readonly write: WriteContext;
    },
    isConditionalEnd = false,
  ): Promise<Answer> =>
    call<Answer>({ ...given, id: given.write.operation, isWrite: true }, isConditionalEnd);

  return {
    timeout,
    load: (sid) =>
      call({ operation: 'load', target: sid, isWrite: false, send: (store) => store.load(sid) }),
    list: (tag) =>
      call({ operation: 'list', target: tag, isWrite: false, send: (store) => store.list(tag) }),
    insert: (record, limit, context) =>
      write({
        operation: 'insert',
        target: record.sid,
        write: context,
        send: (store) => store.insert(record, limit, context),
      }),
    replaceAuth: (sid, expected, auth, context, shares) =>
      write({
        operation: 'replaceAuth',
        target: sid,
        write: context,
        send: (store) => store.replaceAuth(sid, expected, auth, context, shares),
      }),
    replaceData: (sid, expected, data, context) =>
      write({
        operation: 'replaceData',
        target: sid,
        write: context,
        send: (store) => store.replaceData(sid, expected, data, context),
      }),
    remove: (sid, context, expected) =>
      write(
        {
          operation: 'remove',
          target: sid,
          write: context,
          send: (store) => store.remove(sid, context, expected),
        },
        expected !== undefined,
      ),
    removeAll: (tag, except, context) =>
      write({
        operation: 'removeAll',
        target: tag,
        except,
        write: context,
        send: (store) => store.removeAll(tag, except, context),
      }),
    ready: () =>
      call({ operation: 'ready', target: '', isWrite: false, send: (store) => store.ready() }),
    close: async () => {},
  };
}

function nameOf({ stories }: Ledger, { target }: StoreCall): string {
  return stories.get(target)?.name ?? (target.length === 32 ? 'a new session' : 'a subject');
}

/** What a session is excused by: exchanges that take too long. */
export function noteSlowness(ledger: Ledger, sid: string, took: number): void {
  const story = ledger.stories.get(sid);
  if (story !== undefined && took >= LONGEST_EXCHANGE) story.isSlow = true;
}

function summarise(answer: unknown): string {
  const { status, record } = answer as {
    readonly status?: string;
    readonly record?: {
      readonly auth: { generation: number; acknowledged: boolean; replayed: boolean };
    };
  };
  if (record === undefined) return status ?? 'nothing there';
  const { generation, acknowledged, replayed } = record.auth;
  const marks = `${acknowledged ? ', acknowledged' : ''}${replayed ? ', replayed' : ''}`;
  return `${status ?? 'there'}, generation ${generation}${marks}`;
}
