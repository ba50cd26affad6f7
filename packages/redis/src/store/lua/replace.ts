import type { Script } from '../../client/run-script.js';
import { FLUSH, liveUntil, READ_META } from './header.js';
import { script, UNLESS_LATE } from './session-script.js';

/** The differences between the two replacements. */
interface Replacement {
  readonly version: 'av' | 'dv';
  /** The index of `notAfter` among the arguments. */
  readonly notAfter: number;
  /** A condition: the stored part is the one that is sent. */
  readonly same: string;
  /** A condition on which a record of the expected version is a conflict, too. */
  readonly unless?: string;
  /** Sets the new part. */
  readonly change: string;
  /** Changes the record on a conflict, before it is returned. */
  readonly onConflict?: string;
}

const REPLACE = ({
  version,
  notAfter,
  same,
  change,
  unless = 'false',
  onConflict = '',
}: Replacement): string => `
${UNLESS_LATE(notAfter)}
local field, expected = ARGV[1], tonumber(ARGV[2])
local value = redis.call('HGET', key, field)
local h = value and header(value)
if value and not h and isNewer(value) then return { 'newer', now } end
if not h or now >= h.ends then return { 'absent', now } end
local version = tonumber(h.${version})
if version ~= expected or ${unless} then
  if version == expected + 1 and ${same} then return { 'replaced', now } end
  ${onConflict}
  return { 'conflict', now, value }
end
h.${version} = expected + 1
${change}
`;

/*
 * The auth part has the generation in the fourth place. Behind the first array that a number follows, which is that of
 * the steps, it has the count of access tokens and the flags, of which 2 is "replayed": see record-codec.ts of @sess/core.
 */
const MARK_AS_REPLAYED = `
  local auth = authOf(h)
  if version ~= expected and ARGV[7] ~= '' and string.match(auth, '^%[%d+,%-?%d+,%-?%d+,(%d+),') == ARGV[7] then
    local at, flags = string.match(auth, '%],%-?%d+,()([0-7])[,%]]')
    if flags and flags % 4 < 2 then
      h.auth = string.sub(auth, 1, at - 1) .. (tonumber(flags) + 2) .. string.sub(auth, at + 1)
      h.av = version + 1
      value = build(h)
      redis.call('HSET', key, field, value)
    end
  end
`;

/**
 * Arguments: field, expected version, auth, expires, used, notAfter, generation to mark on a conflict or empty, expected
 * version of the data or empty, data.
 */
export const REPLACE_AUTH: Script = script(`
local used = tonumber(ARGV[5])
if not used or used < 0 or used > NEVER or not string.match(ARGV[4], '^%d+$') then
  return redis.error_reply('ERR a session record is malformed')
end
${REPLACE({
  version: 'av',
  notAfter: 6,
  same: "authOf(h) == ARGV[3] and h.expires == ARGV[4] and (ARGV[8] == '' or dataOf(h) == ARGV[9])",
  unless: "(ARGV[8] ~= '' and tonumber(h.dv) ~= tonumber(ARGV[8]))",
  change: 'h.auth, h.expires, h.ends = ARGV[3], ARGV[4], tonumber(ARGV[4])',
  onConflict: MARK_AS_REPLAYED,
})}
if ARGV[8] ~= '' then h.dv, h.data = ARGV[8] + 1, ARGV[9] end
${READ_META}
h.page = touchEntry(field, h.page, used, h.ends)
fields[field] = build(h)
${FLUSH}
${liveUntil('h.ends + KEPT')}
return { 'replaced', now }
`);

/** Arguments: field, expected version, data, notAfter. */
export const REPLACE_DATA: Script = script(`
${REPLACE({ version: 'dv', notAfter: 4, same: 'dataOf(h) == ARGV[3]', change: 'h.data = ARGV[3]' })}
redis.call('HSET', key, field, build(h))
return { 'replaced', now }
`);
