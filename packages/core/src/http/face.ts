import type { Guest, RegisteredData, Session } from '../types.js';
import type { RequestSession } from './request-session.js';

/** What an adapter needs beyond `RequestSession` to show sessions in another form, such as that of express-session. */
export interface RequestFace<Data extends object = RegisteredData> {
  /** The session or the guest of the request. Reading it is no use of the session. */
  readonly holder: Session<Data> | Guest<Data> | undefined;
  /** Allows a guest again after `end`: what is written next belongs to a new visitor. */
  reopen(): void;
  /** Creates the guest of a request that has neither a session nor a guest. @throws as `guest.update` */
  startGuest(given: { readonly data: Partial<Data>; readonly sid: string }): Promise<Guest<Data>>;
}

/** Returns the further members of a request that `createRequest` made. For adapters. */
export function faceOf<Data extends object>(request: RequestSession<Data>): RequestFace<Data> {
  return request as RequestSession<Data> & RequestFace<Data>;
}
