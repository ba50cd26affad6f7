import { type Script, toScript } from '../scripts/script.js';
import { DENYLIST_PRELUDE, LEAST } from './prelude.js';

function script(source: string): Script {
  return toScript(`${DENYLIST_PRELUDE}${source}`);
}

/** life */
export const ENROLL: Script = script(`
local head = needHead()
liveFor(tonumber(ARGV[1]))
return text(head.version)
`);

/** life, and then for each denial: field, from. Answers how many were not there. */
export const DENY: Script = script(`
insist()
needHead()
local life, count = tonumber(ARGV[1]), 0
for i = 2, #ARGV, 2 do
  local field, from = ARGV[i], tonumber(ARGV[i + 1])
  local entry = readEntry(field) or { till = 0, successor = '' }
  if not entry.from or from < entry.from then
    entry.from, count = from, count + 1
  end
  entry.till = math.max(entry.till, now + life)
  writeEntry(field, entry)
end
liveFor(life)
prune(#ARGV / 2)
return text(count)
`);

/** life, operation, except (or empty). Answers the head that it made, as the field has it. */
export const DENY_ALL: Script = script(`
insist()
local life, operation, except = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local book, head, ends = readBook(), readHead(), 0
if not head or not knows(book, operation) then
  local next = { version = math.max((head and head.version or 0) + 1, now) }
  if head and except ~= '' then
    next.except = except
    next.exceptFrom = head.except == except and head.exceptFrom or head.version
  else
    -- What is denied by its version needs no entry of its own; the key is to live as long as before.
    ends = redis.call('PTTL', key)
    redis.call('UNLINK', key)
    book.limit, book.cursor = ${LEAST}, '0'
  end
  remember(book, operation)
  writeHead(next)
  writeBook(book)
  if ends > life then redis.call('PEXPIREAT', key, text(now + ends)) end
end
liveFor(life)
return redis.call('HGET', key, 'h')
`);

/**
 * life, operation, and the head that the call had made: version, except, exceptFrom. What a failover has undone of
 * it is done again, and tokens are spared that were made after it. Answers whether there was anything to do.
 */
export const DENY_ALL_AGAIN: Script = script(`
insist()
local life, operation, version = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local except, exceptFrom = ARGV[4], tonumber(ARGV[5])
local book, head = readBook(), readHead()
-- Without a head there is nothing that is not denied.
if not head or knows(book, operation) then return '0' end
if head.version < version then
  head = { version = version, except = except, exceptFrom = exceptFrom }
else
  -- Somebody may have been spared since; not for what this call had denied.
  local from = head.except == except and exceptFrom or version
  if not head.exceptFrom or head.exceptFrom >= from then return '0' end
  head.exceptFrom = from
end
remember(book, operation)
writeHead(head)
writeBook(book)
liveFor(life)
return '1'
`);

/**
 * life, the token's field, its session's field, version, what follows the tag in its sid, the engine's time,
 * successor. Answers the successor and the version, or nil.
 */
export const SUCCEED: Script = script(`
local life, field, sessionField = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local version, rest, at = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local head = readHead()
if not head then return false end
local isSpared = rest == head.except and version < head.version
  and version >= (head.exceptFrom or head.version)
if version ~= head.version and not isSpared then return false end
local session, entry = readEntry(sessionField), readEntry(field) or { till = 0, successor = '' }
if session and (not session.from or at >= session.from) then return false end
if entry.from and at >= entry.from then return false end
if entry.successor == '' then
  entry.till, entry.successor = math.max(entry.till, now + life), ARGV[7]
  writeEntry(field, entry)
end
liveFor(life)
prune(1)
return { entry.successor, text(head.version) }
`);

/**
 * most, head's field, token's field, session's field. Answers all fields of the key, names and values in turn, if
 * they are no more than `most`, and else those three values.
 */
export const READ: Script = toScript(`
local key = KEYS[1]
if redis.call('HLEN', key) <= tonumber(ARGV[1]) then
  return { 'all', redis.call('HGETALL', key) }
end
return { 'some', redis.call('HMGET', key, ARGV[2], ARGV[3], ARGV[4]) }
`);
