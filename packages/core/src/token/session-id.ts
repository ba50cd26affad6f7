import { createHmac } from 'node:crypto';
import { UsageError } from '../errors.js';
import { encodeBase64Url, type RandomBytes, sha256 } from './crypto.js';

/*
 * sid = base64url( 12 bytes of SHA-256(subject) ‖ 12 random bytes ), 32 characters. Twelve bytes are
 * sixteen characters exactly, so the subject's tag can be cut off without decoding.
 */
const TAG_LENGTH = 16;
const SID = /^[A-Za-z0-9_-]{32}$/;
const MAX_SUBJECT_LENGTH = 512;

/** Makes the tag of a subject: what store keys are built of, in place of anything a user typed. */
export type SubjectTag = (subject: string) => string;

/**
 * Creates the tag function of an engine.
 *
 * @param pepper keys the tag, so that a tag in a log cannot confirm a guessed subject
 * @param namespace separates the subjects of two applications that share a store
 */
export function createSubjectTag(pepper: string | undefined, namespace?: string): SubjectTag {
  // A subject of at most 512 characters cannot contain the text of another namespace with the same result: the length
  // of the namespace comes first.
  const prefix = namespace === undefined ? '' : `${namespace.length}:${namespace}:`;
  // The encoding is UTF-8: subjects are well-formed, so two of them never share bytes.
  return pepper === undefined
    ? (subject) => sha256(prefix + subject).slice(0, TAG_LENGTH)
    : (subject) =>
        createHmac('sha256', pepper)
          .update(prefix + subject)
          .digest('base64url')
          .slice(0, TAG_LENGTH);
}

/** A new session id under a subject's tag, with 96 random bits. */
export function createSid(tag: string, random: RandomBytes): string {
  return tag + encodeBase64Url(random(12));
}

export function isSid(value: unknown): value is string {
  return typeof value === 'string' && value.length === 32 && SID.test(value);
}

/** The subject's tag within a session id. */
export function tagOf(sid: string): string {
  return sid.slice(0, TAG_LENGTH);
}

/** What `String()` makes of values that are no ids: all visitors would be one user. */
const NO_ID = /^(?:undefined|null|NaN|\[object \w+\])$/;

/** @throws UsageError `invalid_subject` */
export function assertSubject(subject: unknown): asserts subject is string {
  if (
    typeof subject !== 'string' ||
    subject.length < 1 ||
    subject.length > MAX_SUBJECT_LENGTH ||
    NO_ID.test(subject)
  ) {
    throw new UsageError(
      'invalid_subject',
      `subject must be a string of 1 to ${MAX_SUBJECT_LENGTH} characters, the user's id; not 'undefined'.`,
    );
  }
  // Two ill-formed strings can encode to the same bytes: they would share one set of sessions.
  if (!subject.isWellFormed()) {
    throw new UsageError('invalid_subject', 'subject is not well-formed Unicode: lone surrogates.');
  }
}
