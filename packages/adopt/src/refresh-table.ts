import { type Readers, readOptions } from '@sess/core/internal';
import type { AdoptSource, OldSession } from './source.js';
import {
  type CookiePlace,
  callback,
  cookieName,
  cookiesAt,
  PLACE,
  required,
} from './source-options.js';

/** How the application found the session of a refresh token. */
export interface RefreshTableOptions<Old> extends CookiePlace {
  /** The cookie of the refresh token. Default: none: the token is in the `Authorization` header, or in the body. */
  readonly cookieName?: string;
  /**
   * Returns the live session of an old refresh token, and `undefined` for a token that is unknown, expired or revoked. It
   * must not spend the token.
   */
  readonly find: (token: string) => Promise<OldSession<Old> | undefined>;
  /** Ends the session of a token. Default: none, and the row stays until it expires. */
  readonly end?: (token: string) => Promise<void>;
  /** Ends all sessions of a subject. Default: none. */
  readonly endAll?: (subject: string) => Promise<void>;
}

/** Longer tokens are refused without a look at the table. */
const MAX_LENGTH = 4_096;

/**
 * Creates the source of a hand-written service: a table of refresh tokens, with access tokens of any kind beside it. Old
 * access tokens are not accepted: their clients refresh, and get new ones.
 *
 * @typeParam Old what `find` returns as `data`
 * @throws {UsageError} invalid_option
 */
export function refreshTable<Old>(options: RefreshTableOptions<Old>): AdoptSource<Old> {
  const table = {
    ...PLACE,
    cookieName: (option: string, value: unknown) =>
      value === undefined ? undefined : cookieName('refresh_token')(option, value),
    find: required<RefreshTableOptions<Old>['find']>(
      'Give a function that looks the token up in the old table.',
    ),
    end: callback<(token: string) => Promise<void>>(),
    endAll: callback<(subject: string) => Promise<void>>(),
  } satisfies Readers<RefreshTableOptions<Old>>;
  const {
    cookieName: name,
    find,
    end,
    endAll,
    ...place
  } = readOptions('refreshTable', options, table, 'refreshTable: ');
  return {
    name: 'refresh-table',
    ...(name === undefined ? {} : { cookies: cookiesAt([name], place) }),
    read({ cookie, token }) {
      const value = name === undefined ? token : (cookie(name) ?? token);
      return value === undefined || value === '' || value.length > MAX_LENGTH ? undefined : value;
    },
    load: find,
    ...(end === undefined ? {} : { end }),
    ...(endAll === undefined ? {} : { endAll }),
  };
}
