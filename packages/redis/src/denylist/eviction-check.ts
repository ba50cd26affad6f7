import { StoreUnavailableError, UsageError } from '@sess/core';
import { isNotPermitted, type ServerInfo } from '../client/server-info.js';

/** How a server is asked, and the listener for what it does not disclose. */
export interface EvictionCheckContext {
  /** Returns the settings of each primary. */
  readInfo(): Promise<readonly ServerInfo[]>;
  /** The policy is unknown, for the given reason. Called once. */
  onUnknown(reason: string): void;
  /** The server keeps snapshots alone. Called once. */
  onSnapshots(): void;
}

/** Keeps a denylist off servers that evict keys, and finds out what a restart may have lost. */
export interface EvictionCheck {
  /** Returns `undefined` if the policy is known to be right. @throws {StoreUnavailableError} */
  admit(): Promise<void> | undefined;
  /** @throws {UsageError} invalid_option if the server evicts keys */
  assertNoEviction(): Promise<void>;
  /** Returns the moment before which nothing that was written counts, 0 if everything does. Epoch milliseconds. */
  epoch(): number;
  /** Forgets the result: the server may be another one, or may have been started with other settings. */
  forget(): void;
}

/** The result of one check. */
interface Findings {
  readonly evicting: string | undefined;
  readonly epoch: number;
}

/**
 * Creates the check. Under any `maxmemory-policy` but `noeviction` a full server drops subjects, and all of their tokens
 * are then refused. The policy counts even if there is no memory limit now, because one can be set later.
 *
 * A server that keeps snapshots alone loses the newest denials in a crash. Everything that was written before it was
 * started is therefore treated as lost, so that earlier tokens are refused.
 */
export function createEvictionCheck(context: EvictionCheckContext): EvictionCheck {
  let isKnown = false;
  let epoch = 0;
  let hasReportedUnknown = false;
  let hasReportedSnapshots = false;
  let pending: Promise<Findings> | undefined;

  function reportUnknown(reason: string): void {
    if (!hasReportedUnknown) context.onUnknown(reason);
    hasReportedUnknown = true;
  }

  async function find(): Promise<Findings> {
    let infos: readonly ServerInfo[];
    try {
      infos = await context.readInfo();
    } catch (error) {
      if (!isNotPermitted(error)) throw error;
      reportUnknown('INFO is not permitted');
      return { evicting: undefined, epoch: 0 };
    }
    const policies = infos.map(({ evictionPolicy }) => evictionPolicy);
    const evicting = policies.find((policy) => policy !== undefined && policy !== 'noeviction');
    if (evicting === undefined && policies.includes(undefined)) {
      reportUnknown('INFO does not contain it');
    }
    const volatile = infos.filter(({ persistence }) => persistence === 'snapshots');
    if (volatile.length > 0 && !hasReportedSnapshots) {
      hasReportedSnapshots = true;
      context.onSnapshots();
    }
    // The second of the start is known, not the moment in it: what was written in that second may have been before.
    const starts = volatile.flatMap(({ startedAt }) => startedAt ?? []);
    return { evicting, epoch: Math.max(0, ...starts.map((second) => second + 1_000)) };
  }

  /** Returns the findings; concurrent callers share one request. */
  function check(): Promise<Findings> {
    if (pending !== undefined) return pending;
    const own = find().then((findings) => {
      // A result from before a reconnect does not describe the server after it.
      if (pending === own) {
        isKnown = findings.evicting === undefined;
        epoch = Math.max(epoch, findings.epoch);
      }
      return findings;
    });
    pending = own;
    const done = (): void => {
      if (pending === own) pending = undefined;
    };
    own.then(done, done);
    return own;
  }

  async function admitLater(): Promise<void> {
    const { evicting } = await check();
    if (evicting !== undefined) throw new StoreUnavailableError(describe(evicting));
  }

  return {
    admit: () => (isKnown ? undefined : admitLater()),
    async assertNoEviction() {
      const { evicting } = await check();
      if (evicting !== undefined) throw new UsageError('invalid_option', describe(evicting));
    },
    epoch: () => epoch,
    forget() {
      isKnown = false;
      pending = undefined;
    },
  };
}

function describe(policy: string): string {
  return `redisDenylist: expected a server with maxmemory-policy noeviction, got ${policy}. A full server would drop denied tokens. Set the policy in redis.conf or by CONFIG SET, or use another server.`;
}
