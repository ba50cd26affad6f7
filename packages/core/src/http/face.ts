import type { Guest, Session } from '../types.js';

/** What an adapter needs beyond `RequestSession` to show sessions in another form, such as that of express-session. */
export interface RequestFace<Data extends object> {
  /** The session or the guest of the request. Reading it is no use of the session. */
  readonly holder: Session<Data> | Guest<Data> | undefined;
  /** The `sid` for a guest that this request may get. `undefined`: a new one. */
  guestSid: string | undefined;
  /** Allows a guest again after `end`: what is written next belongs to a new visitor. */
  reopen(): void;
}
