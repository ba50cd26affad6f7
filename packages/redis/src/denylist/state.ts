import { type DeniableToken, isCurrentVersion, type SubjectWatermark } from '@sess/core/store';

/** The field of a subject's watermark. All fields are described in lua.ts. */
export const WATERMARK_FIELD = 'h';

const TAG_LENGTH = 16;
const TAG = /^[\w-]{16}$/;
const SID = /^[\w-]{32}$/;
/** Printable ASCII, which engines allow in a `jti`. */
const JTI = /^[\x20-\x7e]{1,128}$/;

const WATERMARK = /^(\d{1,15})\|([\w-]*)\|(\d{0,15})$/;
const ENTRY = /^(\d{0,15})\|\d{1,15}\|([\w.-]*)$/;

/** The moment from which a token or a session is denied. */
export interface StoredEntry {
  readonly from: number;
  readonly isSpent: boolean;
}

/** The state of a subject, or the part of it that concerns one token. */
export interface SubjectState {
  readonly watermark: SubjectWatermark;
  /** Entries by their field. */
  readonly entries: ReadonlyMap<string, StoredEntry>;
}

/** True if the value has the form of a tag. */
export function isTag(tag: unknown): tag is string {
  return typeof tag === 'string' && TAG.test(tag);
}

/** True if the value has the form of a sid. */
export function isSid(sid: unknown): sid is string {
  return typeof sid === 'string' && SID.test(sid);
}

/** True if the value may be the `jti` of a token. */
export function isJti(jti: unknown): jti is string {
  return typeof jti === 'string' && JTI.test(jti);
}

/** Returns the tag of a sid's subject. */
export function tagOf(sid: string): string {
  return sid.slice(0, TAG_LENGTH);
}

/** Returns the part of a sid behind the tag. */
export function restOf(sid: string): string {
  return sid.slice(TAG_LENGTH);
}

/** True if an engine may have issued the token. Others are denied without a request. */
export function isPlausible({ sid, jti, version }: DeniableToken): boolean {
  return isSid(sid) && isJti(jti) && Number.isSafeInteger(version) && version > 0;
}

/** Returns the field of a token. The first character keeps the names of tokens and sessions apart. */
export function tokenField(jti: string): string {
  return `j${jti}`;
}

/** Returns the field of a session. */
export function sessionField(sid: string): string {
  return `s${restOf(sid)}`;
}

/** Returns the watermark of a stored value; `undefined` if it cannot be read. */
export function decodeWatermark(tag: string, value: unknown): SubjectWatermark | undefined {
  const [, version, except, exceptFrom] =
    (typeof value === 'string' ? WATERMARK.exec(value) : null) ?? [];
  if (version === undefined) return undefined;
  return {
    version: Number(version),
    ...(except ? { except: tag + except } : {}),
    ...(exceptFrom ? { exceptFrom: Number(exceptFrom) } : {}),
  };
}

/** Returns the entry of a stored value; `undefined` if it cannot be read. */
function decodeEntry(value: unknown): StoredEntry | undefined {
  const [, from, successor] = (typeof value === 'string' ? ENTRY.exec(value) : null) ?? [];
  if (from === undefined) return undefined;
  return { from: from === '' ? Number.POSITIVE_INFINITY : Number(from), isSpent: successor !== '' };
}

/** An entry that cannot be read denies. */
const UNREADABLE: StoredEntry = { from: 0, isSpent: false };

/** The stored fields of a subject. */
export interface StoredState {
  readonly tag: string;
  readonly pairs: readonly (readonly [field: string, value: unknown])[];
  /** A watermark of an earlier version was written before a crash that may have lost later denials. */
  readonly epoch: number;
  /** Called for each value that cannot be read. */
  onUnreadable(tag: string): void;
}

/** Returns the state of a subject; `undefined` without a watermark, which denies all of its tokens. */
export function decodeState(stored: StoredState): SubjectState | undefined {
  const { tag, pairs, epoch, onUnreadable } = stored;
  let watermark: SubjectWatermark | undefined;
  const entries = new Map<string, StoredEntry>();
  for (const [field, value] of pairs) {
    if (value === null || value === undefined) continue;
    if (field === WATERMARK_FIELD) {
      watermark = decodeWatermark(tag, value);
      if (watermark === undefined) onUnreadable(tag);
    } else if (field.startsWith('j') || field.startsWith('s')) {
      const entry = decodeEntry(value);
      if (entry === undefined) onUnreadable(tag);
      entries.set(field, entry ?? UNREADABLE);
    }
  }
  if (watermark === undefined || watermark.version < epoch) return undefined;
  return { watermark, entries };
}

/** True if a token is denied at the engine's time `at`. */
export function isDeniedBy(
  state: SubjectState | undefined,
  token: DeniableToken,
  at: number,
): boolean {
  if (state === undefined || !isCurrentVersion(state.watermark, token)) return true;
  const byName = state.entries.get(tokenField(token.jti));
  const bySession = state.entries.get(sessionField(token.sid));
  return isEffective(byName, at) || isEffective(bySession, at);
}

function isEffective(entry: StoredEntry | undefined, at: number): boolean {
  return entry !== undefined && (entry.isSpent || !(at < entry.from));
}
