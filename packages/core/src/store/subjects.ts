import { tagOf } from '../token/id.js';
import type { SessionRecord } from './record.js';
import { TOMBSTONE_TTL_MS } from './store.js';

/** How long a session that ran out is kept, so that its tokens read `expired` for a while. Milliseconds. */
const KEPT_AFTER_END = 60_000;
/** A pass over everything starts this often, and each write carries it on by so many subjects. */
const SWEEP_INTERVAL = 60_000;
const SWEEP_STEP = 1_000;

/** One subject's sessions, and what was lately removed. */
export interface Subject {
  readonly live: Map<string, SessionRecord>;
  /** Operations by the sid they removed; oldest first, as maps keep their order. */
  readonly removed: Map<string, { readonly operation: string; readonly at: number }>;
  /** What removed all, by its operation; oldest first. */
  readonly fences: Map<string, { readonly at: number; readonly count: number }>;
  /** Where the newest fence lies. */
  fence: number;
}

/** All subjects of a memory store. */
export interface Subjects {
  get(tag: string): Subject | undefined;
  /** The subject, made if there is none. */
  of(tag: string): Subject;
  record(sid: string): SessionRecord | undefined;
  /** Keeps a record in place of the one of the same sid. */
  put(record: SessionRecord): SessionRecord;
  /** Removes a session, and notes which operation did it. */
  drop(subject: Subject, sid: string, operation: string, at: number): void;
  /** Removes a session without a note: a fence or its own end stands for it. */
  forget(subject: Subject, sid: string): void;
  /** Forgets what has run out, and the subject with it when nothing is left. */
  prune(tag: string, subject: Subject, at: number): void;
  /** A bounded piece of a pass over all subjects. */
  sweepSome(at: number): void;
}

export function createSubjects(): Subjects {
  const records = new Map<string, SessionRecord>();
  const subjects = new Map<string, Subject>();
  let sweep: Iterator<[string, Subject]> | undefined;
  let nextSweep = Number.NEGATIVE_INFINITY;

  function of(tag: string): Subject {
    let subject = subjects.get(tag);
    if (subject === undefined) {
      subject = {
        live: new Map(),
        removed: new Map(),
        fences: new Map(),
        fence: Number.NEGATIVE_INFINITY,
      };
      subjects.set(tag, subject);
    }
    return subject;
  }

  function forget(subject: Subject, sid: string): void {
    subject.live.delete(sid);
    records.delete(sid);
  }

  function prune(tag: string, subject: Subject, at: number): void {
    for (const [sid, record] of subject.live) {
      if (at >= record.auth.expiresAt + KEPT_AFTER_END) forget(subject, sid);
    }
    for (const marks of [subject.removed, subject.fences]) {
      for (const [id, { at: marked }] of marks) {
        // What comes after a fresh one is fresh.
        if (at < marked + TOMBSTONE_TTL_MS) break;
        marks.delete(id);
      }
    }
    if (subject.live.size + subject.removed.size + subject.fences.size === 0) subjects.delete(tag);
  }

  return {
    get: (tag) => subjects.get(tag),
    of,
    record: (sid) => records.get(sid),
    put(record) {
      records.set(record.sid, record);
      of(tagOf(record.sid)).live.set(record.sid, record);
      return record;
    },
    drop(subject, sid, operation, at) {
      forget(subject, sid);
      subject.removed.set(sid, { operation, at });
    },
    forget,
    prune,
    sweepSome(at) {
      if (sweep === undefined) {
        if (at < nextSweep) return;
        sweep = subjects.entries();
        nextSweep = at + SWEEP_INTERVAL;
      }
      for (let step = 0; step < SWEEP_STEP; step += 1) {
        const { done, value } = sweep.next();
        if (done === true) {
          sweep = undefined;
          return;
        }
        prune(value[0], value[1], at);
      }
    },
  };
}
