import { createHash } from 'node:crypto';
import { systemClock } from '@sess/core/internal';
import type { RedisPort } from './port.js';

/** A Lua script and the digest that servers keep it under. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

/** Returns the script with its digest. */
export function toScript(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}

/** One call of a script. */
export interface ScriptCall {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
  /** True if the script writes nothing. It is then sent so that replicas and paused servers run it. */
  readonly isReadOnly: boolean;
}

/** Runs a script and returns its reply. */
export type RunScript = (call: ScriptCall) => Promise<unknown>;

/** A server before Redis 7, a proxy or an ACL user that lacks EVALSHA_RO. */
const NO_READ_ONLY_SCRIPTS = /^(?:ERR unknown command|NOPERM\b.*evalsha_ro)/i;

/**
 * Creates the function that calls scripts by their digest, and sends the text where the server does not have it: after
 * a restart, SCRIPT FLUSH or a failover.
 */
export function createRunScript(sender: RedisPort): RunScript {
  let hasReadOnlyScripts = true;

  // Chains of promises, as this is the hot path.
  function evaluate(
    suffix: '' | '_RO',
    { script, keys, args, isReadOnly }: ScriptCall,
  ): Promise<unknown> {
    const [key = ''] = keys;
    const rest = [String(keys.length), ...keys, ...args.map(String)];
    const command = [`EVALSHA${suffix}`, script.sha, ...rest];
    return sender.send(key, isReadOnly, command).catch((error: unknown) => {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return sender.send(key, isReadOnly, [`EVAL${suffix}`, script.source, ...rest]);
    });
  }

  return (call) => {
    if (!call.isReadOnly || !hasReadOnlyScripts) return evaluate('', call);
    return evaluate('_RO', call).catch((error: unknown) => {
      if (!(error instanceof Error) || !NO_READ_ONLY_SCRIPTS.test(error.message)) throw error;
      hasReadOnlyScripts = false;
      return evaluate('', call);
    });
  };
}

/** The outcome of a write. `confirmed` is set only where replicas were asked. */
export interface WriteReply {
  /** A status, the server's time, and the values of that status. Some clients return numbers as text. */
  readonly reply: readonly (string | number)[];
  readonly confirmed?: boolean;
}

/** Runs a script that writes. */
export type WriteScript = (call: ScriptCall) => Promise<WriteReply>;

/** How many replicas must have a write, and how many milliseconds they are waited for. */
export interface Durability {
  readonly replicas: number;
  readonly timeout: number;
}

/** Creates the function that writes to the primary and asks no replica. */
export function createPlainWrites(runScript: RunScript): WriteScript {
  return async (call) => ({ reply: (await runScript(call)) as WriteReply['reply'] });
}

/** Milliseconds that the reply to a WAIT may take beyond its own timeout. */
const WAIT_SLACK_MS = 100;

/**
 * Creates the function that sends a WAIT behind each write, on the same connection: WAIT covers only the writes of its
 * own connection, and stalls it. One WAIT is pending at a time; writes that end in that time share the next one.
 * A write that replicas do not confirm in time is unconfirmed, not failed: the primary has it.
 */
export function createDurableWrites(
  port: RedisPort,
  runScript: RunScript,
  { replicas, timeout }: Durability,
): WriteScript {
  let pending: Promise<boolean> | undefined;
  let next: Promise<boolean> | undefined;

  function wait(key: string): Promise<boolean> {
    const asked = port.send(key, false, ['WAIT', String(replicas), String(timeout)]).then(
      // Clients may be set to return numbers as text.
      (reached) => Number(reached) >= replicas,
      () => false,
    );
    const waiting = firstWithin(asked, timeout + WAIT_SLACK_MS).finally(() => {
      pending = undefined;
    });
    pending = waiting;
    return waiting;
  }

  function confirm(key: string): Promise<boolean> {
    if (pending === undefined) return wait(key);
    next ??= pending.then(() => {
      next = undefined;
      return wait(key);
    });
    return next;
  }

  return async (call) => {
    const reply = (await runScript(call)) as WriteReply['reply'];
    return { reply, confirmed: await confirm(call.keys[0] ?? '') };
  };
}

/** Returns what `asked` resolves to, or `false` once the time has passed. */
function firstWithin(asked: Promise<boolean>, milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const stop = systemClock.startTimer?.(() => resolve(false), milliseconds);
    void asked.then(resolve).finally(() => stop?.());
  });
}
