import { type DeniableToken, isCurrentVersion, type SubjectWatermark } from '@sess/core/store';

/** Where the head of a subject is kept. See prelude.ts for all fields. */
export const HEAD_FIELD = 'h';

const TAG_LENGTH = 16;
const TAG = /^[\w-]{16}$/;
const SID = /^[\w-]{32}$/;
/** Printable ASCII: what an engine lets a token be called. */
const JTI = /^[\x20-\x7e]{1,128}$/;

const HEAD = /^(\d{1,15})\|([\w-]*)\|(\d{0,15})$/;
const ENTRY = /^(\d{0,15})\|\d{1,15}\|([\w.-]*)$/;

/** From when something is denied. */
export interface StoredEntry {
  readonly from: number;
  readonly isSpent: boolean;
}

/** What is kept of a subject, or the part of it that one token needs. */
export interface SubjectState {
  readonly head: SubjectWatermark;
  /** By field. */
  readonly entries: ReadonlyMap<string, StoredEntry>;
}

export function isTag(tag: unknown): tag is string {
  return typeof tag === 'string' && TAG.test(tag);
}

export function isSid(sid: unknown): sid is string {
  return typeof sid === 'string' && SID.test(sid);
}

export function isJti(jti: unknown): jti is string {
  return typeof jti === 'string' && JTI.test(jti);
}

export function tagOf(sid: string): string {
  return sid.slice(0, TAG_LENGTH);
}

/** What follows the tag in a sid. */
export function restOf(sid: string): string {
  return sid.slice(TAG_LENGTH);
}

/** Whether a token may have been made by an engine; what is not is denied, and never asked about. */
export function isPlausible({ sid, jti, version }: DeniableToken): boolean {
  return isSid(sid) && isJti(jti) && Number.isSafeInteger(version) && version > 0;
}

// The first character tells what a field is about, so that no name can be taken for anything else.
export function tokenField(jti: string): string {
  return `j${jti}`;
}

export function sessionField(sid: string): string {
  return `s${restOf(sid)}`;
}

/** `undefined` for what cannot be read. */
export function decodeHead(tag: string, value: unknown): SubjectWatermark | undefined {
  const [, version, except, exceptFrom] =
    (typeof value === 'string' ? HEAD.exec(value) : null) ?? [];
  if (version === undefined) return undefined;
  return {
    version: Number(version),
    ...(except ? { except: tag + except } : {}),
    ...(exceptFrom ? { exceptFrom: Number(exceptFrom) } : {}),
  };
}

/** `undefined` for what cannot be read. */
function decodeEntry(value: unknown): StoredEntry | undefined {
  const [, from, successor] = (typeof value === 'string' ? ENTRY.exec(value) : null) ?? [];
  if (from === undefined) return undefined;
  return { from: from === '' ? Number.POSITIVE_INFINITY : Number(from), isSpent: successor !== '' };
}

/** An entry that cannot be read: it denies. */
const UNREADABLE: StoredEntry = { from: 0, isSpent: false };

/**
 * Reads fields and values; `undefined` where there is no head, and nothing to be said but no. Tells of each that cannot
 * be read.
 */
export function decodeState(
  tag: string,
  fields: readonly (readonly [field: string, value: unknown])[],
  onUnreadable: (tag: string) => void,
): SubjectState | undefined {
  let head: SubjectWatermark | undefined;
  const entries = new Map<string, StoredEntry>();
  for (const [field, value] of fields) {
    if (value === null || value === undefined) continue;
    if (field === HEAD_FIELD) {
      head = decodeHead(tag, value);
      if (head === undefined) onUnreadable(tag);
    } else if (field.startsWith('j') || field.startsWith('s')) {
      const entry = decodeEntry(value);
      if (entry === undefined) onUnreadable(tag);
      entries.set(field, entry ?? UNREADABLE);
    }
  }
  return head === undefined ? undefined : { head, entries };
}

/** Whether a token is denied at the engine's time `at`. */
export function isDeniedBy(
  state: SubjectState | undefined,
  token: DeniableToken,
  at: number,
): boolean {
  if (state === undefined || !isCurrentVersion(state.head, token)) return true;
  const byName = state.entries.get(tokenField(token.jti));
  const bySession = state.entries.get(sessionField(token.sid));
  return isInForce(byName, at) || isInForce(bySession, at);
}

function isInForce(entry: StoredEntry | undefined, at: number): boolean {
  return entry !== undefined && (entry.isSpent || !(at < entry.from));
}
