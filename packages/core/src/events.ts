import type { RejectionReason } from './types.js';

/** Why a session ended before its time. */
export type RevokeCause =
  | 'revoke'
  | 'revoke-all'
  | 'logout'
  | 'evicted'
  | 'reuse'
  | 'lost-writes'
  | 'refused';

/** Who ended a session, and why. Both are cut to 128 characters and appear in the event and the log. */
export interface RevokeOptions {
  /** The id of the administrator or service that asked for it. Default: absent from the event. */
  readonly by?: string;
  /** A text for the audit log. Default: absent from the event. */
  readonly reason?: string;
}

/**
 * The events of an engine. No event contains a token or a digest.
 *
 * All engines of a process also publish theirs on channels of `node:diagnostics_channel`: `sess:created`,
 * `sess:store-error` and so on, each message being the event. What a subscriber there throws is uncaught, by the rules
 * of that module, and not logged as a listener's fault is.
 */
export interface SessionEvent {
  /** A sign-in was stored. Guests are no sessions and emit nothing. */
  created: { readonly sid: string; readonly subject: string };
  /** `replayed`: the token had been spent already, and its bearer got the same successor again. */
  refreshed: { readonly sid: string; readonly subject: string; readonly replayed: boolean };
  /** `sid` is absent for `revoke-all`, which names the subject and a count instead. */
  revoked: {
    readonly cause: RevokeCause;
    readonly sid?: string;
    readonly subject?: string;
    readonly count?: number;
  } & RevokeOptions;
  /**
   * A spent refresh token was presented: another client has a copy. The session has been ended. `alternative`: the token
   * is newer than the session, so that it is forged, or the store lost writes.
   */
  reuse: { readonly sid: string; readonly subject: string; readonly alternative?: 'lost-writes' };
  /** A cookie of a session that is bound to a device was used after its time: a copy, or a store that went back. */
  'unbound-use': { readonly sid: string; readonly subject: string };
  /** A credential was not accepted. `sid` is absent if the credential names no session. */
  rejected: {
    readonly token: 'access' | 'refresh';
    readonly reason: RejectionReason;
    readonly sid?: string;
  };
  /** A write that replicas were to confirm and did not: a failover may forget it. */
  unconfirmed: { readonly operation: string };
  /** A call to a store failed, or (operation `issue`) the tokens of a session could not be issued. */
  'store-error': { readonly operation: string; readonly error: unknown };
  /**
   * A call of a store or a denylist ended after `duration` milliseconds. A failure also emits `store-error`. Measured
   * only while the event has a listener. Verification from memory calls no store.
   */
  'store-call': { readonly operation: string; readonly duration: number; readonly ok: boolean };
}

/** A listener of one event. What it throws, or rejects with, is logged and does not reach the request. */
export type EventListener<Name extends keyof SessionEvent> = (
  event: SessionEvent[Name],
) => void | Promise<void>;
