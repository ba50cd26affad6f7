import { StoreUnavailableError, UsageError } from '@sess/core';

/** What tells whether a server drops keys to make room. */
export interface EvictionGuardContext {
  /** The section `memory` of INFO, of each server. */
  askInfo(): Promise<readonly unknown[]>;
  /** It could not be found out, for the reason given. */
  onUnknown(reason: string): void;
}

/** Keeps a denylist off servers that evict keys. */
export interface EvictionGuard {
  /** `undefined` once the policy was seen to be good. @throws StoreUnavailableError */
  admit(): Promise<void> | undefined;
  /** @throws UsageError `invalid_option` */
  assertGood(): Promise<void>;
  /** The server may be another one now, or have been started with other settings. */
  forget(): void;
}

const POLICY = /^maxmemory_policy:(\S+)/m;

/** What a server answers that is well, and does not let this user ask. */
const NOT_PERMITTED = /^(?:NOPERM|ERR)\b/;

/**
 * Under any `maxmemory-policy` but `noeviction` a server that is full forgets subjects, and then all of their tokens
 * are refused at once, at any time. The policy counts, not whether there is a limit now: one can be set later.
 */
export function createEvictionGuard({ askInfo, onUnknown }: EvictionGuardContext): EvictionGuard {
  let isKnown = false;
  let hasTold = false;
  let asking: Promise<string | undefined> | undefined;

  function tellUnknown(reason: string): undefined {
    if (!hasTold) onUnknown(reason);
    hasTold = true;
    return undefined;
  }

  async function findPolicy(): Promise<string | undefined> {
    let infos: readonly unknown[];
    try {
      infos = await askInfo();
    } catch (error) {
      if (error instanceof Error && NOT_PERMITTED.test(error.message)) {
        return tellUnknown('INFO is not permitted');
      }
      throw error;
    }
    const policies = infos.map((info) => POLICY.exec(String(info))?.[1]);
    const evicting = policies.find((policy) => policy !== undefined && policy !== 'noeviction');
    if (evicting !== undefined) return evicting;
    if (policies.includes(undefined)) return tellUnknown('INFO does not tell it');
    return undefined;
  }

  /** The evicting policy, if there is one; asked for once by all who want to know at the same time. */
  function check(): Promise<string | undefined> {
    if (asking !== undefined) return asking;
    const own = findPolicy().then((evicting) => {
      // What was found out before a reconnect says nothing of what is there since.
      if (asking === own) isKnown = evicting === undefined;
      return evicting;
    });
    asking = own;
    const done = (): void => {
      if (asking === own) asking = undefined;
    };
    own.then(done, done);
    return own;
  }

  async function admitLater(): Promise<void> {
    const evicting = await check();
    if (evicting !== undefined) throw new StoreUnavailableError(describe(evicting));
  }

  return {
    admit: () => (isKnown ? undefined : admitLater()),
    async assertGood() {
      const evicting = await check();
      if (evicting !== undefined) throw new UsageError('invalid_option', describe(evicting));
    },
    forget() {
      isKnown = false;
      asking = undefined;
    },
  };
}

function describe(policy: string): string {
  return `redisDenylist: this server drops keys when it is full (maxmemory-policy: ${policy}), and with them what it knows of denied tokens. Set maxmemory-policy to noeviction (in redis.conf, or by CONFIG SET), or give the denylist a server of its own.`;
}
