import type { Script } from '../../client/run-script.js';
import { FLUSH, liveUntil, READ_META } from './header.js';
import { script, UNLESS_LATE } from './session-script.js';

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
