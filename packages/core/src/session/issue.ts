import type { Settings } from '../options.js';
import type { SessionRecord } from '../store/record.js';
import { formatRefreshToken } from '../token/format.js';
import type { Issued } from '../types.js';
import { hideTokens, toSession } from './view.js';

/** Puts a record and the secrets that were just made for it into the form that callers get. */
export function issue<Data extends object>(
  settings: Settings,
  made: {
    readonly record: SessionRecord;
    readonly family: string;
    readonly generation: number;
    readonly refreshSecret: string;
    readonly accessSecret: string;
    readonly at: number;
  },
): Issued<Data> {
  const { record, family, generation, at } = made;
  const { sid } = record;
  return hideTokens({
    session: toSession<Data>(record),
    accessToken: settings.accessToken.format({ sid, secret: made.accessSecret }),
    accessTokenExpiresAt: record.auth.access.at(-1)?.expiresAt ?? at,
    refreshToken: formatRefreshToken({ sid, family, generation, secret: made.refreshSecret }),
    issuedAt: at,
  });
}
