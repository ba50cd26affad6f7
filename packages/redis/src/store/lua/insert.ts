import type { Script } from '../../client/run-script.js';
import { FLUSH, liveUntil, READ_META } from './header.js';
import { script, UNLESS_LATE } from './session-script.js';

/** Sessions that one call may evict. A subject whose limit was lowered needs several calls. */
const EVICTIONS_PER_CALL = 32;

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
