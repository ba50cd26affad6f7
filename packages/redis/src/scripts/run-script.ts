import type { RedisPort } from '../client/redis-port.js';
import { sleep } from '../timers.js';
import type { Script } from './script.js';

/** One call of a script. */
export interface ScriptCall {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
  readonly isReadOnly: boolean;
}

/** A server that is changing its role or its slots, and a connection that is only being made. */
const PASSING =
  /^(?:ERR Error running script.*READONLY |(?:READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)\b|Connection is closed|Stream isn't writeable)/;

/** Waits before asking again, milliseconds: short enough to fail fast where it does not help. */
const PAUSES = [25, 75] as const;

/**
 * Calls a script by its digest, and with its text where the server does not have it (a restart, SCRIPT
 * FLUSH, a failover). After a passing error it asks again: a write that was executed all the same is
 * recognised, and answers as it did.
 */
export function runScript(port: RedisPort, call: ScriptCall): Promise<unknown> {
  return retryOnce(() => evaluate(port, call));
}

/** Asks, and after a passing error asks again. What is asked for must do no harm when it is done twice. */
export function retryOnce<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  return ask().catch((error: unknown) => askLater(ask, error));
}

/** Apart, so that what succeeds at once costs no more than it has to. */
async function askLater<Answer>(ask: () => Promise<Answer>, first: unknown): Promise<Answer> {
  let error = first;
  for (const pause of PAUSES) {
    if (!(error instanceof Error) || !PASSING.test(error.message)) throw error;
    await sleep(pause);
    try {
      return await ask();
    } catch (next) {
      error = next;
    }
  }
  throw error;
}

function evaluate(port: RedisPort, { script, keys, args, isReadOnly }: ScriptCall) {
  const rest = [String(keys.length), ...keys, ...args.map(String)];
  const [key = ''] = keys;
  return port.send(key, isReadOnly, ['EVALSHA', script.sha, ...rest]).catch((error: unknown) => {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return port.send(key, isReadOnly, ['EVAL', script.source, ...rest]);
  });
}
