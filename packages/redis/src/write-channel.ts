import type { RedisPort } from './client/redis-port.js';
import { runScript, type ScriptCall } from './scripts/run-script.js';
import { sleep } from './timers.js';

/** What a write came to. `confirmed` is there only where replicas were waited for. */
export interface WriteReply {
  /** A status, the server's time, and what belongs to the status. Some clients make text of numbers. */
  readonly reply: readonly (string | number)[];
  readonly confirmed?: boolean;
}

/** Sends a write. */
export type WriteChannel = (call: ScriptCall) => Promise<WriteReply>;

/** How many replicas are to have a write, and how long they are waited for. Milliseconds. */
export interface Durability {
  readonly replicas: number;
  readonly timeout: number;
}

/** A write as the master answers it. */
export function createPlainChannel(port: RedisPort): WriteChannel {
  return async (call) => ({ reply: (await runScript(port, call)) as WriteReply['reply'] });
}

/** Milliseconds that the answer to a WAIT may take beyond its own time. */
const SLACK = 100;

/**
 * A write, and a WAIT behind it on the same connection: WAIT speaks of the writes of its own connection only,
 * and stalls it, so the connection is one that nothing else uses. One WAIT is under way at a time; writes
 * that end meanwhile share the next. What replicas do not confirm in time is unconfirmed, not failed: the
 * master has it.
 */
export function createDurableChannel(
  port: RedisPort,
  { replicas, timeout }: Durability,
): WriteChannel {
  let underWay: Promise<boolean> | undefined;
  let next: Promise<boolean> | undefined;

  function wait(key: string): Promise<boolean> {
    const asked = port.send(key, false, ['WAIT', String(replicas), String(timeout)]).then(
      (reached) => typeof reached === 'number' && reached >= replicas,
      () => false,
    );
    const given = sleep(timeout + SLACK).then(() => false);
    const waiting = Promise.race([asked, given]).finally(() => {
      underWay = undefined;
    });
    underWay = waiting;
    return waiting;
  }

  function confirm(key: string): Promise<boolean> {
    if (underWay === undefined) return wait(key);
    next ??= underWay.then(() => {
      next = undefined;
      return wait(key);
    });
    return next;
  }

  return async (call) => {
    const reply = (await runScript(port, call)) as WriteReply['reply'];
    return { reply, confirmed: await confirm(call.keys[0] ?? '') };
  };
}
