import { type Script, toScript } from '../../client/run-script.js';
import {
  CONSTANTS,
  FLUSH,
  INDEX_HEADER,
  liveUntil,
  PARSE_META,
  READ_META,
  RECORD_HEADER,
} from './header.js';
import { linkScript } from './link.js';

/** Sessions that one call may evict. A subject whose limit was lowered needs several calls. */
const EVICTIONS_PER_CALL = 32;

function script(source: string): Script {
  return toScript(linkScript(RECORD_HEADER + INDEX_HEADER, source, CONSTANTS));
}

/** The caller has given up after `notAfter`, so nothing may be written later. */
const UNLESS_LATE = (argument: number): string =>
  `if now > tonumber(ARGV[${argument}]) then return { 'late', now } end`;

/**
 * Arguments: field, value, used, max, onLimit, operation, notAfter, replaced field or empty, provenAt or empty.
 * Replies: inserted and the evicted fields; more and the evicted fields, if the call has to be repeated; revoked and the
 * newest mark; limit.
 */
export const INSERT: Script = script(`
${UNLESS_LATE(7)}
local field, max, onLimit, operation = ARGV[1], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local used, replaced, provenAt = tonumber(ARGV[3]), ARGV[8], tonumber(ARGV[9])
local h = header(ARGV[2])
if not h or #field ~= 16 or not used or used < 0 or used > NEVER or not max then
  return redis.error_reply('ERR a session record is malformed')
end
local created, ends = tonumber(h.created), h.ends

local function evictedBy(operation)
  local reply, name = {}, nameOf(operation)
  for at = 1, #readGraves(), GRAVE do
    local rest, flag, _, _, by = unpackAt('>c16c1I7I7c20', graves, at)
    if flag == 'e' and by == name then table.insert(reply, rest) end
  end
  return reply
end

if redis.call('HEXISTS', key, field) == 1 then
  return { 'inserted', now, unpack(evictedBy(operation)) }
end

${READ_META}
local fence = math.max(meta.mark, meta.floor)
local grave = findAligned(readGraves(), field, GRAVE, 0)
if grave then
  local born = readGrave(grave)
  if born then return { 'revoked', now, text(math.max(fence, born)) } end
end
if created <= fence then return { 'revoked', now, text(fence) } end
if provenAt and meta.mark >= provenAt then return { 'revoked', now, text(meta.mark) } end
-- After the clock was set back, marks lie ahead of it: a session right behind one is not from the future.
if created > math.max(now, fence) + MAX_LEAD then return { 'revoked', now, text(now - 1) } end

local reply = { 'inserted', now }
local old = replaced ~= '' and replaced ~= field and redis.call('HGET', key, replaced)
local oldHeader = old and header(old)
-- The session that is replaced holds no place, and neither do expired ones.
local function isFull()
  local isThere = old and locate(replaced, oldHeader and oldHeader.page)
  return meta.count - (isThere and 1 or 0) >= max
end
for _ = 1, ${EVICTIONS_PER_CALL} do
  if not isFull() then break end
  local p = firstToEnd(now)
  if not p then break end
  expirePage(p, now)
end
if onLimit == 'reject' and isFull() then
  ${FLUSH}
  return { 'limit', now }
end

-- Deletes a session and its entry. Returns the page that has room then.
local function evict(victim, flag, value, p)
  local h = value and header(value)
  local q, at = locate(victim, p or h and h.page)
  redis.call('HDEL', key, victim)
  if q then removeEntry(q, at) end
  if value then tombstone(victim, flag, h and tonumber(h.created) or 0, operation) end
  if q and (q + 1) * SLOT <= #meta.dir then return q end
end
local hint = old and evict(replaced, 'r', old) or nil
for _ = 1, ${EVICTIONS_PER_CALL} do
  if meta.count < max then break end
  local p, victim = leastRecent()
  local value = redis.call('HGET', key, victim)
  hint = evict(victim, 'e', value, p)
  if value then table.insert(reply, victim) end
end
if meta.count >= max then
  ${FLUSH}
  ${liveUntil('now + MEMORY')}
  reply[1] = 'more'
  return reply
end
h.page = addEntry(field, used, ends, hint)
meta.newest = math.max(meta.newest, created)
fields[field] = build(h)
sweep()
${FLUSH}
${liveUntil('math.max(ends + KEPT, now + MEMORY)')}
return reply
`);

/**
 * Arguments: notAfter, then pairs of a field and the value that could not be read, empty for none. Fields that still
 * hold that value are deleted.
 */
export const DISCARD: Script = script(`
${UNLESS_LATE(1)}
${READ_META}
local count = 0
for i = 2, #ARGV, 2 do
  if (redis.call('HGET', key, ARGV[i]) or '') == ARGV[i + 1] then
    redis.call('HDEL', key, ARGV[i])
    local p, at = locate(ARGV[i], nil)
    if p then
      removeEntry(p, at)
      count = count + 1
    end
  end
end
${FLUSH}
return { 'discarded', now, count }
`);

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

/**
 * Arguments: field, operation, notAfter, expected version or empty. A record that cannot be read is deleted too; it
 * counts as a session only if a later version has written it.
 */
export const REMOVE: Script = script(`
${UNLESS_LATE(3)}
local field, operation = ARGV[1], ARGV[2]
local value = redis.call('HGET', key, field)
local h = value and header(value)
local isThere = h and now < h.ends or value and not h and isNewer(value)
if not value or h and now >= h.ends then
  local at = findAligned(readGraves(), field, GRAVE, 0)
  local isSame = at and readGrave(at) and sub(graves, at + 31, at + 50) == nameOf(operation)
  return { isSame and 'removed' or 'absent', now }
end
if ARGV[4] ~= '' and isThere and not h then return { 'newer', now } end
if h and ARGV[4] ~= '' and tonumber(h.av) ~= tonumber(ARGV[4]) then return { 'conflict', now, value } end
-- A server that is full refuses to write, except after a command that has freed memory.
redis.call('HDEL', key, field)
${READ_META}
local p, at = locate(field, h and h.page)
if p then removeEntry(p, at) end
tombstone(field, 'r', h and tonumber(h.created) or now, operation)
sweep()
${FLUSH}
-- The key has to outlive the session of the last end, or what is remembered.
if meta.count == 0 then
  redis.call('PEXPIREAT', key, text(math.max(now + MEMORY, meta.mark + MARK_TTL)))
elseif meta.count <= PAGE and #meta.dir == SLOT then
  local page, latest = readPage(0), now
  for at = 24, #page, ENTRY do latest = math.max(latest, (unpackAt('>I7', page, at))) end
  redis.call('PEXPIREAT', key, text(math.max(latest + KEPT, now + MEMORY, meta.mark + MARK_TTL)))
end
return { isThere and 'removed' or 'absent', now }
`);

/** Arguments: field to spare or empty, operation, notAfter. Replies with the count of sessions that had not ended. */
export const REMOVE_ALL: Script = script(`
${UNLESS_LATE(3)}
local except, operation = ARGV[1], ARGV[2]
${READ_META}
local call = findCall(operation)
if call then return { 'removed', now, (unpackAt('>I4', meta.calls, call + 20)) } end
local count = countLive()
local kept = except ~= '' and redis.call('HGET', key, except)
local h = kept and header(kept)
if h and now < h.ends then
  count = math.max(0, count - 1)
else
  h = nil
end
local used
if h then
  local p, at = locate(except, h.page)
  if p then
    local _, u = unpackAt('>c16I7I7', readPage(p), at)
    used = u
  end
end
readGraves()
redis.call('UNLINK', key)
-- A session may have been created behind the last mark, or ahead of the server's time: the mark covers both. Without
-- one the mark does not move ahead of time, however often sessions are removed.
local behind = meta.newest > meta.mark and math.max(meta.mark + 2, meta.newest) or meta.mark
meta.mark = math.max(now, behind)
meta.count, meta.dir, meta.soonest, fields, pages = 0, '', NEVER, {}, {}
rememberCall(operation, count)
if graves ~= '' then fields['~'] = graves end
if h then
  h.page = addEntry(except, used or now, h.ends)
  fields[except] = build(h)
end
${FLUSH}
redis.call('PEXPIREAT', key, text(math.max(h and h.ends + KEPT or 0, now + MARK_TTL)))
return { 'removed', now, count }
`);

/**
 * Arguments: field to spare or empty, operation, notAfter, cutoff, page. Removes the sessions of one page that were
 * created up to the cutoff. Replies with their count and the next page, -1 after the last one.
 */
export const REMOVE_UP_TO: Script = script(`
${UNLESS_LATE(3)}
local except, operation, cutoff, p = ARGV[1], ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[5])
${READ_META}
-- Replication keeps the order of writes: where the mark is, its removals are.
if p == 0 and meta.mark >= cutoff then return { 'removed', now, 0, -1 } end
local count, last = 0, #meta.dir / SLOT - 1
if p <= last then
  local page, kept = readPage(p), {}
  for at = 1, #page, ENTRY do
    local field, _, ends = unpackAt('>c16I7I7', page, at)
    local value = field ~= except and redis.call('HGET', key, field)
    local h = value and header(value)
    if h and tonumber(h.created) <= cutoff then
      redis.call('HDEL', key, field)
      meta.count = math.max(0, meta.count - 1)
      if now < ends then count = count + 1 end
    else
      table.insert(kept, sub(page, at, at + ENTRY - 1))
    end
  end
  if #kept * ENTRY < #page then setPage(p, table.concat(kept)) end
end
local isLast = p >= last
if isLast and now < cutoff + MEMORY then meta.mark = math.max(meta.mark, cutoff) end
${FLUSH}
${liveUntil('now + MARK_TTL')}
return { 'removed', now, count, isLast and -1 or p + 1 }
`);

/**
 * Seconds and microseconds, then one field for each key; an error as a separate list, for a key that holds no hash.
 * The time is returned as it is: formatting it would cost more than a field.
 */
export const LOAD: Script = toScript(`
local reply = redis.call('TIME')
for i = 1, #KEYS do
  local value = redis.pcall('HGET', KEYS[i], ARGV[i])
  reply[i + 2] = type(value) == 'table' and { value.err } or value
end
return reply
`);

/**
 * Reads one field by a script that may write, which a replica refuses. It writes nothing: there is no field without a
 * name. Replies as LOAD does.
 */
export const LOAD_FROM_PRIMARY: Script = toScript(`
redis.call('HDEL', KEYS[1], '')
local reply = redis.call('TIME')
reply[3] = redis.call('HGET', KEYS[1], ARGV[1])
return reply
`);

/**
 * Arguments: bytes, then the fields to read; without fields all sessions of the index that have not ended. Replies with
 * the time, the fields that were left out, and names and values in turn, up to about that number of bytes.
 */
export const LIST: Script = script(`
local budget, wanted, reply, left = tonumber(ARGV[1]), {}, { now, '' }, {}
if #ARGV > 1 then
  for i = 2, #ARGV do wanted[i - 1] = ARGV[i] end
else
  ${PARSE_META}
  if not meta then
    for _, field in ipairs(redis.call('HKEYS', key)) do
      if #field == 16 then table.insert(wanted, field) end
    end
  else
    for p = 0, #meta.dir / SLOT - 1 do
      local page = redis.call('HGET', key, '#' .. p) or ''
      for at = 1, #page - ENTRY + 1, ENTRY do
        local field, _, ends = unpackAt('>c16I7I7', page, at)
        if now < ends then table.insert(wanted, field) end
      end
    end
  end
end
local size = 0
for i, field in ipairs(wanted) do
  if size >= budget then
    table.insert(left, field)
  else
    local value = redis.call('HGET', key, field)
    if value then
      size = size + #value
      table.insert(reply, field)
      table.insert(reply, value)
    end
  end
end
reply[2] = table.concat(left)
return reply
`);
