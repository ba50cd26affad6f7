/*
 * One HASH per subject. Its fields:
 *
 *   <16 characters>    a session, by what follows the subject's tag in its sid; value as in record/codec.ts
 *   ~<16 characters>   a removal: "<operation>:<time>", kept for a minute
 *   !                  "<next>:<dead>|<time>:<operation>:<count>|…", the subject's book-keeping
 *
 * `dead` counts the fields that are neither a live session nor "!": removals, and sessions that ran out
 * but are kept a while. `next` is the first moment at which that may change, so that until then
 * the number of live sessions is HLEN - dead - 1, whatever there are. The rest are fences: the
 * removals of everything in the last minute.
 */

/** Milliseconds for which a session that ran out is kept, so that its tokens read `expired`. */
const KEPT_AFTER_END = 60_000;

/** Lua that every script begins with. Times are the server's, in milliseconds. */
export function createPrelude(memoryOfRemoval: number): string {
  return `
local key = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local KEPT, MEMORY, NEVER = ${KEPT_AFTER_END}, ${memoryOfRemoval}, 9e15

-- For what may have more than 14 digits: of others, '..' loses none, and costs half.
local function text(n) return string.format('%.0f', n) end

-- Nothing for what record/codec.ts would not read either: cut short, or with numbers that are none of ours.
local function head(value)
  local av, dv, created, expires, length, at =
    string.match(value, '^1:(%d+):(%d+):(%d+):(%d+):(%d+):()%[.*%]$')
  if not av or math.max(#av, #dv, #created, #expires) > 15 or #length > 6 then return nil end
  return {
    av = av, dv = dv, created = created, expires = expires, ends = tonumber(expires),
    value = value, at = at, length = length
  }
end

-- Cut out when they are asked for: most look at the numbers only.
local function authOf(h) return h.auth or string.sub(h.value, h.at, h.at + h.length - 1) end
local function dataOf(h) return h.data or string.sub(h.value, h.at + h.length) end

local function build(h)
  local auth = authOf(h)
  return '1:' .. h.av .. ':' .. h.dv .. ':' .. h.created .. ':' .. h.expires ..
    ':' .. #auth .. ':' .. auth .. dataOf(h)
end

-- An unreadable one was long ago.
local function removal(value)
  local operation, at = string.match(value, '^(.*):(%d+)$')
  return operation, at and #at <= 15 and tonumber(at) or 0
end

-- Absent or unreadable, it has everything counted anew.
local function readBook()
  local book = { next = 0, dead = 0, fences = {}, exists = 0 }
  local value = redis.call('HGET', key, '!')
  if not value then return book end
  book.exists = 1
  local next, dead = string.match(value, '^(%d+):(%d+)')
  if next and math.max(#next, #dead) <= 16 then book.next, book.dead = tonumber(next), tonumber(dead) end
  for at, operation, count in string.gmatch(value, '|(%d+):([^:|]*):(%d+)') do
    if math.abs(now - at) < MEMORY then
      table.insert(book.fences, { at = tonumber(at), operation = operation, count = tonumber(count) })
    end
  end
  return book
end

-- Together with other fields and their values, if any are given.
local function writeBook(book, ...)
  local value = text(book.next) .. ':' .. book.dead
  for _, fence in ipairs(book.fences) do
    value = value .. '|' .. text(fence.at) .. ':' .. fence.operation .. ':' .. text(fence.count)
  end
  redis.call('HSET', key, '!', value, ...)
  book.exists = 1
end

-- Looks at every field, deletes what has been kept long enough, and counts anew. Answers the live ones.
local function sweep(book)
  local all, live, gone = redis.call('HGETALL', key), {}, {}
  local latest = now + MEMORY
  book.next, book.dead = NEVER, 0
  for i = 1, #all, 2 do
    local field, value = all[i], all[i + 1]
    local ends, isLive
    if field == '!' then
      ends = NEVER
    elseif string.sub(field, 1, 1) == '~' then
      local _, at = removal(value)
      ends = at + MEMORY
    else
      local h = head(value)
      isLive = h and now < h.ends
      ends = h and (isLive and h.ends or h.ends + KEPT) or NEVER
      if isLive then table.insert(live, { field = field, created = tonumber(h.created) }) end
    end
    if now >= ends then
      table.insert(gone, field)
    elseif field ~= '!' then
      if not isLive then book.dead = book.dead + 1 end
      book.next = math.min(book.next, ends)
      if ends < NEVER then latest = math.max(latest, isLive and ends + KEPT or ends) end
    end
  end
  -- What lived longest may be gone: nothing of its subject is to stay for it.
  if #all > 0 then redis.call('PEXPIREAT', key, latest) end
  for i = 1, #gone, 1000 do
    redis.call('HDEL', key, unpack(gone, i, math.min(i + 999, #gone)))
  end
  return live
end

local function countLive(book)
  local fields = redis.call('HLEN', key)
  if fields == 0 then
    book.next, book.dead = NEVER, 0
    return 0
  end
  local count = fields - book.dead - book.exists
  if now >= book.next or count < 0 then return #sweep(book) end
  return count
end

-- The key lives as long as the last thing in it; EXPIRE GT would do nothing on a key without a life.
local function liveUntil(moment)
  local left = redis.call('PTTL', key)
  if left < 0 or now + left < moment then redis.call('PEXPIREAT', key, moment) end
end

local function bury(book, field, operation)
  redis.call('HDEL', key, field)
  redis.call('HSET', key, '~' .. field, operation .. ':' .. now)
  book.dead = book.dead + 1
  book.next = math.min(book.next, now + MEMORY)
end
`;
}
