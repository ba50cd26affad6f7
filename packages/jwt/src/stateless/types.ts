import type { Issued, RefreshResult, RegisteredData, Session, Sessions } from '@sess/core';

/** Sessions that live in their tokens. What needs a store throws `NotSupportedError`. */
export interface StatelessSessions<Data extends object = RegisteredData> extends Sessions<Data> {
  /**
   * Exchanges a live access token for the next one, with the same claims. With a denylist the old one is dead then, and
   * whoever exchanges it at the same time gets the same successor. Reasons: as `verify`.
   */
  refresh(accessToken: unknown): Promise<RefreshResult<Data>>;
  /** Denies one token, and not its session: what it was exchanged for lives. `false` for one that is not good anyway. */
  revokeToken(accessToken: unknown): Promise<boolean>;
  /** Denies all tokens of a session. Answers `true` for every well-formed id, for nothing is known of it. */
  revoke(sid: string): Promise<boolean>;
  /** Denies all tokens of a subject that were made until now. They are not counted: answers 1. */
  revokeAll(subject: string, options?: { readonly except?: string }): Promise<number>;
  /**
   * As `Sessions`, for a session that was verified or issued by this engine. Without a denylist the tokens of before live
   * until they expire.
   */
  elevate(session: string | Session<Data>): Promise<Issued<Data> | undefined>;
}
