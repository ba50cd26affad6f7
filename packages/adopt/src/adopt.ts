import { type RegisteredData, SessError, type Sessions, UsageError } from '@sess/core';
import type { Adoption } from '@sess/core/http';
import {
  contextOf,
  oneOf,
  optionError,
  port,
  type Readers,
  readOptions,
} from '@sess/core/internal';
import { type AdoptionSettings, createAdoption } from './adoption.js';
import type { AdoptSource } from './source.js';
import { callback, required } from './source-options.js';

/** How the sessions of another system become sessions of the engine. */
export type AdoptOptions<Old, Data extends object = RegisteredData> = {
  /** Where old sessions are read from. */
  readonly from: AdoptSource<Old>;
  /**
   * Key material for the tokens of sessions that are taken over; at least 32 bytes, and the same on all servers. With it
   * and a table of old sessions, their tokens could be computed. With another one, all old sessions move once more.
   */
  readonly secret: string | Uint8Array;
  /** Returns the user's id, and `undefined` for a visitor who has not signed in. */
  readonly subject: (old: Old) => string | undefined;
  /**
   * Returns the data of a guest for a visitor who has not signed in, such as a cart, and `undefined` for none. Default:
   * visitors have nothing, and their old session is left alone; for `session()` of `@sess/express/classic` all data.
   */
  readonly keep?: (old: Old) => Partial<Data> | undefined;
  /** Returns when the user signed in, in epoch milliseconds. Default: what the source knows. */
  readonly authenticatedAt?: (old: Old) => number | undefined;
  /**
   * When the old session ends. Default: `'when-seen'`, once the client has presented a cookie of the new one. `'never'`: it
   * lives until a sign-out, so that the old application can be put back in place.
   */
  readonly endOld?: 'when-seen' | 'never';
} & (Record<never, never> extends Data
  ? {
      /** Returns the data of the session. Default: `{}`; all data of the old one for `session()` of `@sess/express/classic`. */
      readonly data?: (old: Old) => Data;
    }
  : {
      /** Returns the data of the session. */
      readonly data: (old: Old) => Data;
    });

/** The least length of a secret. Bytes. */
const MIN_SECRET = 32;

const OPTIONS = {
  from: port<AdoptSource<never>>({
    methods: ['read', 'load'],
    repair: 'Give a source, as expressSession({ … }).',
  }),
  secret(name, value): string | Uint8Array {
    const isKey = typeof value === 'string' || value instanceof Uint8Array;
    if (isKey && Buffer.byteLength(value) >= MIN_SECRET) return value;
    throw optionError({
      option: name,
      expected: `at least ${MIN_SECRET} bytes, as a string or a Uint8Array`,
      value: isKey ? `${Buffer.byteLength(value)} bytes` : typeof value,
      repair: 'Create one with: openssl rand -base64 32.',
    });
  },
  subject: required<(old: never) => unknown>("Return the user's id, or undefined for a visitor."),
  data: callback<(old: never) => object>(),
  keep: callback<(old: never) => object | undefined>(),
  authenticatedAt: callback<(old: never) => number | undefined>(),
  endOld: oneOf('when-seen', 'never'),
} satisfies Readers<AdoptOptions<never, object>>;

/**
 * Creates the option `adopt` of a middleware. A request without a session that carries a credential of the old system
 * gets a session in its place: the same one for all parallel and repeated requests, on all servers. It keeps the end of
 * the old session, and the device is that of the request. `sessions.revokeAll` of this engine also ends old sessions.
 *
 * @param sessions the engine of the middleware
 * @throws {UsageError} invalid_option; invalid_argument if `sessions` is not an engine
 * @throws {SessError} not_supported for an engine without a store
 */
export function adopt<Old, Data extends object = RegisteredData>(
  sessions: Sessions<Data>,
  options: AdoptOptions<Old, Data>,
): Adoption {
  if (typeof sessions?.verify !== 'function') {
    throw new UsageError(
      'invalid_argument',
      'adopt: expected an engine as the first argument. Write adopt(sessions, { … }).',
    );
  }
  const context = contextOf(sessions);
  if (context === undefined) {
    throw new SessError(
      'not_supported',
      'adopt: a stateless engine keeps no sessions. Use createSessions().',
    );
  }
  const given = readOptions('adopt', options, OPTIONS, 'adopt: ');
  const { from } = given;
  if (from === undefined) {
    throw optionError({ option: 'adopt: from', expected: 'a source', value: from });
  }
  // Called with what the source has loaded, which is of the type that the functions take.
  const engine = { sessions: sessions as unknown as Sessions<never>, context };
  return createAdoption(engine, { ...given, from } as unknown as AdoptionSettings);
}
