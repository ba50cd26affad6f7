/*
 * One HASH per subject. Its fields:
 *
 *   <16 characters>  a session, named by the part of its sid behind the tag; value as in store/codec.ts
 *   !                the header: totals, the marks of removals, remembered calls and the directory of pages
 *   #<n>             page n of the index: 2 to 64 entries of <rest of sid> <lastUsedAt> <expiresAt>
 *   ~                the newest removals of single sessions, at most 64, the newest one first
 *
 * Every script does bounded work: it reads the header and the one or two pages that it changes. A session names its
 * page, and the directory keeps the smallest end and the least recently used entry of each page. So expired sessions
 * and the one to evict are found without a look at all sessions.
 *
 * Older removals than the 64 are covered by one number, the floor: no session created up to it can be inserted. The
 * header, the pages and the removals are binary, big-endian; clients never read them.
 */

import { MAX_CLOCK_LEAD_MS, REVOCATION_TTL_MS, TOMBSTONE_TTL_MS } from '@sess/core/store';
import { PAGES } from './pages.js';

/** The numbers that scripts refer to by name. */
export const CONSTANTS: Readonly<Record<string, number>> = {
  /** Milliseconds for which an expired session is kept, so that its tokens read `expired`. */
  KEPT: 60_000,
  /** Milliseconds for which a removal is remembered. */
  MEMORY: TOMBSTONE_TTL_MS,
  /** The same for the mark of the newest removal of all sessions: see `InsertContext.provenAt`. */
  MARK_TTL: REVOCATION_TTL_MS,
  /** How far the creation of a session may be ahead of the server's time. */
  MAX_LEAD: MAX_CLOCK_LEAD_MS,
  NEVER: 9e15,
  /** Sessions in one page of the index. */
  PAGE: 64,
  /** Bytes of a session in a page, of a page in the directory, of a removal, and of a call. */
  ENTRY: 30,
  SLOT: 32,
  GRAVE: 51,
  CALL: 24,
};

/** Removals of single sessions that are remembered one by one. */
const TOMBSTONES = 64;

/** Calls that removed all sessions, remembered so that a repeated one returns the same count. */
const OPERATIONS = 8;

/** Lua code for scripts that read or change one record. Times are the server's, in milliseconds. */
export const RECORD_HEADER = `
local key = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- Parses the header of a session. Returns nil for a value that codec.ts would not read either.
local function header(value)
  local format, av, dv, created, expires, page, length, at =
    string.match(value, '^([12]):(%d+):(%d+):(%d+):(%d+):(%d+):(%d+):()%[')
  if not format or string.byte(value, -1) ~= 93 then return nil end
  if math.max(#av, #dv, #created, #expires) > 15 or #page > 6 or #length > 6 then return nil end
  return {
    format = format, av = av, dv = dv, created = created, expires = expires, ends = tonumber(expires), page = tonumber(page),
    value = value, at = at, length = tonumber(length)
  }
end

-- True for a record that a later version of this store has written.
local function isNewer(value)
  local format = string.match(value, '^(%d%d?%d?):')
  return format ~= nil and tonumber(format) > 2
end

-- Cut out on demand: most scripts read the numbers only.
local function authOf(h) return h.auth or string.sub(h.value, h.at, h.at + h.length - 1) end
local function dataOf(h) return h.data or string.sub(h.value, h.at + h.length) end

local function build(h)
  local auth = authOf(h)
  return h.format .. ':' .. h.av .. ':' .. h.dv .. ':' .. h.created .. ':' .. h.expires .. ':' .. h.page ..
    ':' .. #auth .. ':' .. auth .. dataOf(h)
end
`;

/** Lua code for scripts that change the index as well; it follows `RECORD_HEADER`. `text` keeps two digits more than `..`. */
export const INDEX_HEADER: string = `
local pack, unpackAt, sub, find = struct.pack, struct.unpack, string.sub, string.find

local function text(n) return string.format('%.0f', n) end

-- Operations as 20 bytes each, to be compared in place.
local function nameOf(operation)
  if #operation > 20 or find(operation, ' ', 1, true) then
    operation = sub(redis.sha1hex(operation), 1, 20)
  end
  return operation .. string.rep(' ', 20 - #operation)
end

-- Finds a text that begins \`offset\` bytes behind the start of a record of \`width\` bytes.
local function findAligned(list, what, width, offset)
  local at = find(list, what, 1, true)
  while at do
    if (at - 1) % width == offset then return at - offset end
    at = find(list, what, at + 1, true)
  end
end

-- Bytes are compared one by one: '<' would use the collation of the server's locale.
local function isBefore(a, b)
  for i = 1, #a do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return false
end

-- What a script changes. All of it is written by one command at its end.
local fields, pages, graves = {}, {}, nil
local meta

${PAGES}

local function readGraves()
  if not graves then
    graves = redis.call('HGET', key, '~') or ''
    if #graves % GRAVE ~= 0 or #graves > GRAVE * ${TOMBSTONES} then graves = '' end
  end
  return graves
end

-- Returns the creation time of a session whose removal is still remembered.
local function readGrave(at)
  local when, created = unpackAt('>I7I7', graves, at + 17)
  if math.abs(now - when) < MEMORY then return created end
end

-- Remembers a removal: 'e' by the limit, 'r' otherwise.
local function tombstone(field, flag, created, operation)
  local list = pack('>c16c1I7I7c20', field, flag, now, math.max(0, created), nameOf(operation)) .. readGraves()
  local keep = GRAVE * ${TOMBSTONES}
  if #list > keep then
    local _, _, when, born = unpackAt('>c16c1I7I7', list, keep + 1)
    -- A copy of its insert may still arrive.
    if now - when < MEMORY and now - born < MEMORY then meta.floor = math.max(meta.floor, born) end
    list = sub(list, 1, keep)
  end
  graves = list
  fields['~'] = list
end

-- Returns the place of the remembered call that removed all sessions.
local function findCall(operation) return findAligned(meta.calls, nameOf(operation), CALL, 0) end

local function rememberCall(operation, count)
  meta.calls = sub(pack('>c20I4', nameOf(operation), count) .. meta.calls, 1, ${OPERATIONS} * CALL)
end

-- Deletes the entries of one page that ended before \`limit\`.
local function expirePage(p, limit)
  local page, kept = readPage(p), {}
  for at = 1, #page, ENTRY do
    local rest, _, ends = unpackAt('>c16I7I7', page, at)
    if ends <= limit then
      redis.call('HDEL', key, rest)
      meta.count = meta.count - 1
    else
      table.insert(kept, sub(page, at, at + ENTRY - 1))
    end
  end
  setPage(p, table.concat(kept))
end

-- Returns the page with the smallest end, if that is not after \`limit\`.
local function firstToEnd(limit)
  -- No session ends sooner than this.
  if meta.soonest > limit then return nil end
  local best, ends = nil, NEVER
  for p = 0, #meta.dir / SLOT - 1 do
    local e = unpackAt('>I7', meta.dir, p * SLOT + 3)
    if e < ends then best, ends = p, e end
  end
  meta.soonest = ends
  if ends <= limit then return best end
end

-- Deletes what ended a while ago, one page a call.
local function sweep()
  local p = firstToEnd(now - KEPT)
  if p then expirePage(p, now - KEPT) end
end

-- Returns the page and the field of the session that was used least recently.
local function leastRecent()
  local best, used, field = nil, NEVER, nil
  for p = 0, #meta.dir / SLOT - 1 do
    -- An empty page has the largest number here.
    local u = unpackAt('>I7', meta.dir, p * SLOT + 10)
    if u < used or best and u == used and isBefore(sub(meta.dir, p * SLOT + 17, p * SLOT + 32), field) then
      best, used, field = p, u, sub(meta.dir, p * SLOT + 17, p * SLOT + 32)
    end
  end
  return best, field
end

-- Returns how many sessions have not ended.
local function countLive()
  local count = meta.count
  if meta.soonest > now then return count end
  for p = 0, #meta.dir / SLOT - 1 do
    local _, minEnds = slot(p)
    if minEnds <= now then
      local page = readPage(p)
      for at = 24, #page, ENTRY do
        if unpackAt('>I7', page, at) <= now then count = count - 1 end
      end
    end
  end
  return math.max(0, count)
end
`;

/** Lua code that reads the header of a subject into `meta`; nil without one. No function: each call would create it. */
export const PARSE_META: string = `
local stored = redis.call('HGET', key, '!')
if stored and #stored >= 34 and sub(stored, 1, 1) == 'S' then
  local count, mark, floor, newest, soonest, calls = unpackAt('>I4I7I7I7I7B', stored, 2)
  local from = 35 + calls * CALL
  local size = #stored - from + 1
  -- A mark far ahead of the server's time was not written by a script.
  if calls <= ${OPERATIONS} and size >= 0 and size % SLOT == 0 and math.max(mark, floor, newest) <= now + 86400000 then
    meta = {
      count = count, mark = mark - 1, floor = floor - 1, newest = newest - 1, soonest = soonest,
      calls = sub(stored, 35, from - 1), dir = sub(stored, from)
    }
  end
end
`;

/** The same; without a header the sessions are indexed again. */
export const READ_META: string = `${PARSE_META}
if not meta then
  meta = { count = 0, mark = -1, floor = -1, newest = -1, soonest = NEVER, calls = '', dir = '' }
  -- Without a header everything in the hash is indexed again: unbounded, but only after damage.
  local all = redis.call('HGETALL', key)
  local left = #all > 0 and math.max(redis.call('PTTL', key), 0)
  for i = 1, #all, 2 do
    local field, value = all[i], all[i + 1]
    if string.byte(field, 1) == 35 and string.match(field, '^#%d+$') then
      redis.call('HDEL', key, field)
    elseif #field == 16 then
      local h = header(value)
      if h and now < h.ends + KEPT then
        local base, lead = string.match(authOf(h), '^%[(%d+),%-?%d+,(%-?%d+),')
        local used = math.max(0, math.min(NEVER, (tonumber(base) or 0) + (tonumber(lead) or 0)))
        h.page = addEntry(field, used, h.ends)
        if tonumber(h.created) <= now + MEMORY then meta.newest = math.max(meta.newest, tonumber(h.created)) end
        fields[field] = build(h)
      elseif isNewer(value) then
        addEntry(field, now, now + left)
      end
    end
  end
end
`;

/** Lua code that writes what a script has changed. */
export const FLUSH: string = `
local writes, last = {
  '!', 'S' .. pack(
    '>I4I7I7I7I7B', meta.count, meta.mark + 1, meta.floor + 1, meta.newest + 1, meta.soonest, #meta.calls / CALL
  ) .. meta.calls .. meta.dir
}, 2
for field, value in pairs(fields) do
  writes[last + 1], writes[last + 2] = field, value
  last = last + 2
end
for i = 1, last, 1000 do
  redis.call('HSET', key, unpack(writes, i, math.min(i + 999, last)))
end
`;

/**
 * Returns Lua code that lets the key live until a moment at least: EXPIRE GT would do nothing on a key without a life.
 *
 * @param moment a Lua expression
 */
export function liveUntil(moment: string): string {
  return `
local left, moment = redis.call('PTTL', key), ${moment}
if left < 0 or now + left < moment then redis.call('PEXPIREAT', key, text(moment)) end
`;
}
