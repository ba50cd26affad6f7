import type { RefreshResult, Session, VerifyResult } from '@sess/core';
import type { Ledger, Story } from '../ledger.js';
import { digestOf, partsOf } from '../tokens.js';

/** A call of an engine that has returned. */
export interface Asked {
  readonly beganTurn: number;
  readonly beganAt: number;
  /** The user who called: no session of another may be shown. */
  readonly user: string;
}

/** What was handed out: remembered, and held against what others were given. */
export function noteIssued(
  ledger: Ledger,
  issued: Extract<RefreshResult, { ok: true }> | Omit<Extract<RefreshResult, { ok: true }>, 'ok'>,
): void {
  const { sid, family, generation } = partsOf(issued.refreshToken);
  const story = ledger.storyOf(sid);
  ledger.access.set(issued.accessToken, {
    sid,
    generation,
    family,
    expiresAt: issued.accessTokenExpiresAt,
  });
  if (story.isSetBack) return;
  const key = `token ${family}.${generation}`;
  const known = story.successors.get(key);
  if (known === undefined) story.successors.set(key, issued.refreshToken);
  else if (known !== issued.refreshToken) {
    ledger.violate('one-successor', `generation ${generation} of ${story.name} was given two`);
  }
}

/** Whether a session was there, and of this family, from before a call until now. */
function livedThrough(ledger: Ledger, story: Story, family: string, asked: Asked): boolean {
  const { record } = story;
  return (
    record !== undefined &&
    !story.isSetBack &&
    ledger.timeline.now() < record.auth.expiresAt &&
    story.familyTurn < asked.beganTurn &&
    record.auth.family === digestOf(family)
  );
}

/** Checks that a response does not show a session that had ended before the call. */
export function checkShown(ledger: Ledger, asked: Asked, sid: string, session: Session): void {
  const story = ledger.storyOf(sid);
  if (session.sid !== sid || session.subject !== asked.user) {
    ledger.violate('sessions-are-apart', `${asked.user} was shown a session of ${session.subject}`);
  }
  if (story.ended !== undefined && story.ended.turn < asked.beganTurn) {
    ledger.violate('ended-is-refused', `${story.name} had ended before it was asked for`);
  }
  // Set back, it may have been over in between.
  const { record, isSetBack } = story;
  if (record !== undefined && !isSetBack && asked.beganAt >= record.auth.expiresAt) {
    ledger.violate('expired-is-refused', `${story.name} was over before it was asked for`);
  }
}

/** @param isStillInJar whether an honest client's jar holds the token at this moment */
export function checkRefresh(
  ledger: Ledger,
  asked: Asked & { readonly token: string; readonly isStillInJar: boolean },
  result: RefreshResult,
): void {
  const { sid, family, generation } = partsOf(asked.token);
  const story = ledger.storyOf(sid);
  checkFormer(ledger, story, asked, result);
  if (result.ok) {
    checkShown(ledger, asked, sid, result.session);
    noteIssued(ledger, result);
    return;
  }
  if (!livedThrough(ledger, story, family, asked)) return;
  // In its last second a session gets no new tokens: in whole seconds they would live for none.
  const left = (story.record?.auth.expiresAt ?? 0) - ledger.timeline.now();
  if (result.reason === 'expired' && left < 1_000) return;
  const text = `${story.name} lives, and its token of generation ${generation} was refused: ${result.reason}`;
  if (story.isStolen) ledger.violate('theft-ends-the-session', text);
  else if (asked.isStillInJar) ledger.violate('jar-holds-a-live-token', text);
  else ledger.violate('honest-stay-signed-in', text);
}

/** Checks what a token gets that a re-authentication replaced, which happened before the call. */
function checkFormer(
  ledger: Ledger,
  story: Story,
  asked: Asked & { readonly token: string },
  result: RefreshResult,
): void {
  const { record, previous, sentFamilies } = story;
  const { family, secret } = partsOf(asked.token);
  const isOver = record === undefined || story.isSetBack || story.familyTurn >= asked.beganTurn;
  if (isOver || record.auth.family === digestOf(family)) return;
  if (result.ok) {
    const isSame = result.refreshToken === asked.token;
    const isEarlier = result.session.authenticatedAt <= record.auth.authenticatedAt;
    if (isSame && isEarlier) return;
    const text = `a token before the re-authentication of ${story.name} was rotated, or elevated`;
    ledger.violate('reauthentication-keeps-the-jar', text);
    return;
  }
  const now = ledger.timeline.now();
  const counts =
    previous?.auth.refresh === digestOf(secret) &&
    // An access token that would be over in a second is not issued.
    now < Math.min(previous.until, record.auth.expiresAt) - 1_000 &&
    ![...sentFamilies].some((sent) => digestOf(sent) === record.auth.family);
  if (!counts) return;
  const text = `the token before the re-authentication of ${story.name} was refused: ${result.reason}`;
  ledger.violate('reauthentication-keeps-the-jar', text);
}

export function checkVerify(
  ledger: Ledger,
  asked: Asked & { readonly token: string },
  result: VerifyResult,
): void {
  const note = ledger.access.get(asked.token);
  if (note === undefined) return;
  const story = ledger.storyOf(note.sid);
  if (result.ok) {
    checkShown(ledger, asked, note.sid, result.session);
    if (asked.beganAt >= note.expiresAt) {
      ledger.violate('expired-is-refused', `an access token of ${story.name} had run out`);
    }
    return;
  }
  const isFresh =
    livedThrough(ledger, story, note.family, asked) &&
    ledger.timeline.now() < note.expiresAt &&
    note.generation >= (story.record?.auth.generation ?? 0) - 1;
  if (!isFresh) return;
  ledger.violate(
    'fresh-access-works',
    `an access token of ${story.name} was refused: ${result.reason}`,
  );
}
