import { MAX_CLOCK_LEAD_MS, TOMBSTONE_TTL_MS } from '@sess/core/store';
import { createPrelude } from './prelude.js';
import { type Script, toScript } from './script.js';

const PRELUDE = createPrelude(TOMBSTONE_TTL_MS);

function script(source: string, prelude: string = PRELUDE): Script {
  return toScript(`${prelude}${source}`);
}

/** Nothing may be written after the caller has given up. */
const UNLESS_LATE = (argument: number): string =>
  `if now > tonumber(ARGV[${argument}]) then return { 'late', now } end`;

/** field, value, created, expires, max, onLimit, operation, notAfter */
export const INSERT: Script = script(`
${UNLESS_LATE(8)}
local field, value, created, expires = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local max, onLimit, operation = tonumber(ARGV[5]), ARGV[6], ARGV[7]

if redis.call('HEXISTS', key, field) == 1 then
  local answer = { 'inserted', now }
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 1) == '~' and removal(all[i + 1]) == operation then
      table.insert(answer, string.sub(all[i], 2))
    end
  end
  return answer
end

local book = readBook()
local fence = -1
if #book.fences > 0 then fence = book.fences[#book.fences].at end
local removed = redis.call('HGET', key, '~' .. field)
if removed then
  local _, at = removal(removed)
  fence = math.max(fence, at)
end
if removed or created <= fence then return { 'revoked', now, fence } end
-- No fence could reach it.
if created > now + ${MAX_CLOCK_LEAD_MS} then return { 'revoked', now, now - 1 } end

local answer = { 'inserted', now }
if countLive(book) >= max then
  -- One by one, since a session that somebody else spoiled is in the count but holds no place.
  local live = sweep(book)
  if onLimit == 'reject' and #live >= max then
    writeBook(book)
    return { 'limit', now }
  end
  table.sort(live, function(a, b)
    if a.created ~= b.created then return a.created < b.created end
    return a.field < b.field
  end)
  for i = 1, #live - max + 1 do
    bury(book, live[i].field, operation)
    table.insert(answer, live[i].field)
  end
end
book.next = math.min(book.next, expires)
writeBook(book, field, value)
liveUntil(expires + KEPT)
return answer
`);

/** notAfter, and then fields with what they held: those that still hold it are no session, and are taken away. */
export const DISCARD: Script = script(`
${UNLESS_LATE(1)}
local count = 0
for i = 2, #ARGV, 2 do
  if redis.call('HGET', key, ARGV[i]) == ARGV[i + 1] then
    count = count + redis.call('HDEL', key, ARGV[i])
  end
end
-- Some of them were counted as dead: all is counted anew.
local book = readBook()
book.next = 0
writeBook(book)
return { 'discarded', now, count }
`);

/** What both replacements share. */
interface Replacement {
  readonly version: 'av' | 'dv';
  /** The place of `notAfter` among the arguments. */
  readonly notAfter: number;
  /** Whether the part is the one that is sent. */
  readonly same: string;
  /** Sets the new part. */
  readonly change: string;
  /** What is done to the record on a conflict, before it is answered. */
  readonly onConflict?: string;
}

const REPLACE = ({ version, notAfter, same, change, onConflict = '' }: Replacement): string => `
${UNLESS_LATE(notAfter)}
local field, expected = ARGV[1], tonumber(ARGV[2])
local value = redis.call('HGET', key, field)
local h = value and head(value)
if not h or now >= h.ends then return { 'absent', now } end
local version = tonumber(h.${version})
if version ~= expected then
  if version == expected + 1 and ${same} then return { 'replaced', now } end
  ${onConflict}
  return { 'conflict', now, value }
end
h.${version} = expected + 1
${change}
`;

/*
 * The auth part ends with its flags, of which 2 is "shared", and has the generation in the fourth place:
 * see record/codec.ts. It is JSON, but the shape of these two ends is ours.
 */
const MARK_AS_SHARED = `
  if ARGV[6] ~= '' and string.match(authOf(h), '^%[%d+,%-?%d+,%-?%d+,(%d+),') == ARGV[6] then
    local marked, count = string.gsub(authOf(h), ',([01])%]$', { ['0'] = ',2]', ['1'] = ',3]' })
    if count == 1 then
      h.auth, h.av = marked, version + 1
      value = build(h)
      redis.call('HSET', key, field, value)
    end
  end
`;

/** field, expected, auth, expires, notAfter, generation that is marked as shared on a conflict (or empty) */
export const REPLACE_AUTH: Script = script(`
${REPLACE({
  version: 'av',
  notAfter: 5,
  same: 'authOf(h) == ARGV[3] and h.expires == ARGV[4]',
  change: 'h.auth, h.expires, h.ends = ARGV[3], ARGV[4], tonumber(ARGV[4])',
  onConflict: MARK_AS_SHARED,
})}
local book = readBook()
if book.next > h.ends then
  book.next = h.ends
  writeBook(book, field, build(h))
else
  redis.call('HSET', key, field, build(h))
end
liveUntil(h.ends + KEPT)
return { 'replaced', now }
`);

/** field, expected, data, notAfter */
export const REPLACE_DATA: Script = script(`
${REPLACE({ version: 'dv', notAfter: 4, same: 'dataOf(h) == ARGV[3]', change: 'h.data = ARGV[3]' })}
redis.call('HSET', key, field, build(h))
return { 'replaced', now }
`);

/** field, operation, notAfter, expected (or empty) */
export const REMOVE: Script = script(`
${UNLESS_LATE(3)}
local field, operation = ARGV[1], ARGV[2]
local value = redis.call('HGET', key, field)
local h = value and head(value)
if not h or now >= h.ends then
  local removed = redis.call('HGET', key, '~' .. field)
  local isSame = removed and removal(removed) == operation
  return { isSame and 'removed' or 'absent', now }
end
if ARGV[4] ~= '' and tonumber(h.av) ~= tonumber(ARGV[4]) then return { 'conflict', now, value } end
local book = readBook()
bury(book, field, operation)
if redis.call('HLEN', key) <= 64 then
  -- Sets the key's end anew; looking at so few fields costs next to nothing.
  sweep(book)
elseif countLive(book) == 0 then
  redis.call('PEXPIREAT', key, now + MEMORY)
end
writeBook(book)
return { 'removed', now }
`);

/** except (or empty), operation, notAfter */
export const REMOVE_ALL: Script = script(`
${UNLESS_LATE(3)}
local except, operation = ARGV[1], ARGV[2]
local book = readBook()
for _, fence in ipairs(book.fences) do
  if fence.operation == operation then return { 'removed', now, fence.count } end
end
local count = countLive(book)
local kept = except ~= '' and redis.call('HGET', key, except)
local h = kept and head(kept)
if h and now < h.ends then count = count - 1 else kept = nil end

-- Marks of removals outlive what they removed; the fence stands only for what was there until now.
local marks = {}
if book.dead > 0 then
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    local _, at = removal(all[i + 1])
    if string.sub(all[i], 1, 1) == '~' and now < at + MEMORY then
      table.insert(marks, { field = all[i], value = all[i + 1], at = at })
    end
  end
end

redis.call('UNLINK', key)
-- A session may have been let in right behind the last fence.
local last = book.fences[#book.fences]
local at = last and math.max(now, last.at + 2) or now
table.insert(book.fences, { at = at, operation = operation, count = count })
book.next, book.dead = NEVER, #marks
for _, mark in ipairs(marks) do
  redis.call('HSET', key, mark.field, mark.value)
  book.next = math.min(book.next, mark.at + MEMORY)
end
if kept then
  redis.call('HSET', key, except, kept)
  book.next = math.min(book.next, h.ends)
end
writeBook(book)
redis.call('PEXPIREAT', key, kept and h.ends + KEPT or now + MEMORY)
return { 'removed', now, count }
`);

/** except (or empty), operation, notAfter, cutoff: as above, for sessions created up to the cutoff only */
export const REMOVE_UP_TO: Script = script(`
${UNLESS_LATE(3)}
local except, operation, cutoff = ARGV[1], ARGV[2], tonumber(ARGV[4])
local book, count = readBook(), 0
for _, session in ipairs(sweep(book)) do
  if session.created <= cutoff and session.field ~= except then
    bury(book, session.field, operation)
    count = count + 1
  end
end
-- One fence is enough, however often this is said again.
local last = book.fences[#book.fences]
if now < cutoff + MEMORY and (not last or last.at < cutoff) then
  table.insert(book.fences, { at = cutoff, operation = operation, count = count })
end
writeBook(book)
liveUntil(now + MEMORY)
return { 'removed', now, count }
`);

const TIME = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
`;

/**
 * Seconds and microseconds, then one field for each key; for a key that holds no hash the error, in a list of
 * its own. The hot path: the time goes out as it came, for it costs Lua more to write it than to read a field.
 */
export const LOAD: Script = script(
  `
local answer = redis.call('TIME')
for i = 1, #KEYS do
  local value = redis.pcall('HGET', KEYS[i], ARGV[i])
  answer[i + 2] = type(value) == 'table' and { value.err } or value
end
return answer
`,
  '',
);

/** All fields of the key, names and values in turn. */
export const LIST: Script = script(`return { now, redis.call('HGETALL', KEYS[1]) }`, TIME);
