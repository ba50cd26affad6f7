import { UsageError } from '../errors.js';
import type { RegisteredData, Session } from '../types.js';
import { assertKnown, type Duration, parseDuration } from '../util/options.js';

/** What a guarded route asks for beyond a session. */
export interface GuardOptions<Data extends object = RegisteredData> {
  /** The user must have proved who they are within this time (RFC 9470); `elevate` renews it. Default: any time. */
  readonly authenticatedWithin?: Duration;
  /** A further condition; `false` answers 403. */
  readonly where?: (session: Session<Data>) => boolean;
}

/** A guard with its options settled. */
export interface Guard<Data extends object = RegisteredData> {
  /** Milliseconds, or `undefined` for any age. */
  readonly maxAge: number | undefined;
  readonly where: ((session: Session<Data>) => boolean) | undefined;
}

const KNOWN: ReadonlySet<string> = new Set<keyof GuardOptions>(['authenticatedWithin', 'where']);

/** @throws UsageError `invalid_option` */
export function createGuard<Data extends object>(options: GuardOptions<Data> = {}): Guard<Data> {
  assertKnown('requireSession', options, KNOWN);
  const { authenticatedWithin, where } = options;
  if (where !== undefined && typeof where !== 'function') {
    throw new UsageError(
      'invalid_option',
      'where: write a function of the session that answers true or false.',
    );
  }
  return Object.freeze({
    maxAge:
      authenticatedWithin === undefined
        ? undefined
        : parseDuration('authenticatedWithin', authenticatedWithin),
    where,
  });
}
