import { assertKnown } from '@sess/core/options';
import type { SessionStore } from '@sess/core/store';

/** Options of `__camel__Store`. */
export interface __Name__StoreOptions {
  /** Milliseconds after which a call is given up on: it rejects, and does not write later. Default: 1000. */
  readonly timeout?: number;
}

const KNOWN: ReadonlySet<string> = new Set<keyof __Name__StoreOptions>(['timeout']);

/**
 * Keeps sessions in __Name__.
 *
 * @throws UsageError `invalid_option`
 */
export function __camel__Store(options: __Name__StoreOptions = {}): SessionStore {
  assertKnown('__camel__Store', options, KNOWN);
  const { timeout = 1_000 } = options;

  // `SessionStore` of @sess/core says what each has to do; `memoryStore` is the shortest one that does it.
  return {
    timeout,
    load: () => notWritten('load'),
    insert: () => notWritten('insert'),
    replaceAuth: () => notWritten('replaceAuth'),
    replaceData: () => notWritten('replaceData'),
    remove: () => notWritten('remove'),
    list: () => notWritten('list'),
    removeAll: () => notWritten('removeAll'),
    async ready() {},
    async close() {},
  };
}

async function notWritten(operation: string): Promise<never> {
  throw new Error(`__camel__Store: ${operation} is not written yet`);
}
