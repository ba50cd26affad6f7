import { StoreUnavailableError } from '../errors.js';
import type { DeniableToken, Denial, Denylist, Supersession } from '../store/denylist.js';
import { encodeBase64Url, type RandomBytes } from '../token/crypto.js';
import type { Clock } from '../util/clock.js';
import type { Logger } from '../util/logger.js';
import { createCalling } from './calls.js';
import type { Events } from './events.js';

/** The denylist as engines use it: faults have one name, and what is kept is kept long enough. */
export interface DenylistClient {
  /** The version that a new token has to carry. Asked for before the write that the token is issued for. */
  enroll(tag: string): Promise<number>;
  isDenied(token: DeniableToken, at: number): Promise<boolean>;
  /** Whether the token is surely not denied, as far as is known without asking. */
  isSurelyGood(token: DeniableToken, at: number): boolean;
  deny(tag: string, denials: readonly Denial[]): Promise<void>;
  denyAll(tag: string, except?: string): Promise<void>;
  succeed(
    token: DeniableToken,
    given: { readonly at: number; readonly successor: string },
  ): Promise<Supersession | undefined>;
  ready(): Promise<void>;
  close(): Promise<void>;
}

export interface DenylistPortContext {
  readonly denylist: Denylist;
  readonly onError: 'fail' | 'accept';
  /** Milliseconds that a token can live, leeway included. */
  readonly longestLife: number;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly events: Events;
  readonly logger: Logger;
}

/** What clocks of different machines may be apart. Milliseconds. */
const MARGIN = 60_000;

export function createDenylistClient(context: DenylistPortContext): DenylistClient {
  const { denylist, onError, clock, random, events, logger } = context;
  const life = Math.ceil(context.longestLife + MARGIN);
  const calling = createCalling({
    name: 'denylist',
    timeout: denylist.timeout,
    clock,
    events,
    logger,
  });
  denylist.open?.({ clock, logger });

  return {
    enroll: (tag) => calling('currentVersion', () => denylist.currentVersion(tag, life)),
    async isDenied(token, at) {
      try {
        return await calling('isDenied', () => denylist.isDenied(token, at));
      } catch (error) {
        if (onError === 'accept' && error instanceof StoreUnavailableError) return false;
        throw error;
      }
    },
    isSurelyGood: (token, at) => denylist.peek?.(token, at) === false,
    async deny(tag, denials) {
      if (denials.length > 0) await calling('deny', () => denylist.deny(tag, denials, life));
    },
    denyAll(tag, except) {
      const operation = encodeBase64Url(random(12));
      const options = { operation, life, ...(except === undefined ? {} : { except }) };
      return calling('denyAll', () => denylist.denyAll(tag, options));
    },
    succeed: (token, { at, successor }) =>
      calling('supersede', () => denylist.supersede(token, { at, successor, life })),
    ready: () => calling('ready', () => denylist.ready()),
    close: () => denylist.close(),
  };
}
