/*
 * What has to hold in every history, although calls are lost, late, repeated or rolled back, and processes die. Each is checked after every
 * step. "Ended" is as the store has executed it; what a failover undid did not happen.
 */

/** What has to hold, by name. */
export const INVARIANTS = {
  'one-successor':
    'A generation of refresh tokens has one live successor, and everyone is given that one.',
  'no-honest-thief':
    'Without a thief, no `reuse` is reported, while an exchange, with all attempts at it, takes no longer than half of the grace.',
  'rollback-is-no-theft':
    'A session that a failover has set back ends as `lost-writes`, never as `reuse`, but for one with a response in flight during it.',
  'reauthentication-is-no-theft':
    'Tokens from before a re-authentication are unknown, never reused.',
  'reauthentication-keeps-the-jar':
    'The newest token before a re-authentication counts until one of the new family is presented, at most for the overlap; it is returned as it is, and shows the earlier authentication.',
  'honest-stay-signed-in':
    'An honest client is signed out by a revocation, the end of its time or a failover, and by nothing else.',
  'jar-holds-a-live-token':
    'A cookie jar never goes back to an earlier token, and never ends up with a dead one while its session lives.',
  'ended-stays-ended': 'A session that was ended is never alive again.',
  'ended-is-refused':
    'What is asked after a session was ended, with any of its tokens, is refused.',
  'expired-is-refused':
    'What is asked after a session’s deadline, or an access token’s, is refused.',
  'revoke-all-misses-none':
    'No session that was created up to a revoke-all lives after it, but for the one that was spared.',
  'settled-grace-stands':
    'Once a token of a generation has been presented, the grace of the step that made it is never prolonged.',
  'theft-ends-the-session':
    'A genuine token that is refused means that the session is over: no copy is left to work.',
  'one-event-a-theft': 'The process that removed a session for a spent token reports it once.',
  'sessions-are-apart': 'No user is shown the session of another.',
  'fresh-access-works':
    'The access token of a live session’s newest two generations works until its time.',
  'deadline-stands': 'The absolute deadline of a session moves by a re-authentication alone.',
  'lifetimes-stand': 'The lifetimes of a sign-in hold until its session ends.',
  'parts-are-apart': 'A patch never touches tokens, and a rotation never touches data.',
  'limit-holds': 'A subject never has more live sessions than the limit.',
  'only-known-faults': 'Nothing is thrown but the faults that the engine promises.',
} as const;

export type Invariant = keyof typeof INVARIANTS;

/** An invariant that did not hold. */
export interface Violation {
  readonly invariant: Invariant;
  readonly text: string;
}
