import { StoreUnavailableError } from '@sess/core';
import type { RedisPort } from './client/redis-port.js';
import { runScript, type ScriptCall } from './scripts/run-script.js';

/** What a write came to. `confirmed` is there only where replicas were waited for. */
export interface WriteReply {
  readonly reply: readonly string[];
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
  return async (call) => ({ reply: (await runScript(port, call)) as readonly string[] });
}

/**
 * A write, and a WAIT behind it on the same connection: WAIT speaks of the writes of its own connection only,
 * and stalls it, so the connection is one that nothing else uses. Replicas that do not answer in time make
 * the write unconfirmed, not failed: the master has it.
 */
export function createDurableChannel(
  port: RedisPort,
  { replicas, timeout }: Durability,
): WriteChannel {
  return async (call) => {
    const reply = (await runScript(port, call)) as readonly string[];
    const [key = ''] = call.keys;
    const reached = await port.send(key, false, ['WAIT', String(replicas), String(timeout)]);
    if (typeof reached !== 'number')
      throw new StoreUnavailableError('Redis did not answer WAIT with a number.');
    return { reply, confirmed: reached >= replicas };
  };
}
