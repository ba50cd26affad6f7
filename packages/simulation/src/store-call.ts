import type { SessionStore } from '@sess/core/store';

/** A call as it travels to the store. */
export interface StoreCall {
  readonly operation:
    | 'load'
    | 'list'
    | 'insert'
    | 'replaceAuth'
    | 'replaceData'
    | 'remove'
    | 'removeAll'
    | 'ready';
  /** The session, or the subject's tag. */
  readonly target: string;
  readonly isWrite: boolean;
  /** Of a write: two copies of it have one. */
  readonly id?: string | undefined;
  /** The session that a `removeAll` spares. */
  readonly except?: string | undefined;
  readonly send: (store: SessionStore) => Promise<unknown>;
}
