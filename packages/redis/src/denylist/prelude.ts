/*
 * One HASH per subject. Its fields:
 *
 *   h       "<version>|<except>|<exceptFrom>": the head; `except` is what follows the tag in a sid, or empty
 *   b       "<limit>|<cursor>|<operation>,…": book-keeping, for writers only
 *   j<jti>  "<from>|<until>|<successor>": a token
 *   s<16 characters>  the same of a session, by what follows the tag in its sid; never with a successor
 *
 * `from` is the moment from which it is denied by name, empty for a token that only was replaced. What runs out
 * at `until` can be forgotten. Values are short, so that a small hash stays in its compact form.
 */

/** Fields of a subject below which none is looked for that has run out. */
export const LEAST: number = 64;

/** Milliseconds that a key may live on beyond what was asked for, so that not every call has to prolong it. */
const SLACK = 60_000;

/** Operations of a subject that are remembered, so that a call that arrives twice is known. */
const REMEMBERED = 3;

/** Lua that every script on a denylist's key begins with. Times are the server's, in milliseconds. */
export const DENYLIST_PRELUDE: string = `
local key = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function text(n) return string.format('%.0f', n) end

-- Digits that a number is made of without loss.
local function number(digits) return digits and #digits > 0 and #digits <= 15 and tonumber(digits) or nil end

-- Nothing for what cannot be read: then every token is denied, and the head made anew.
local function readHead()
  local value = redis.call('HGET', key, 'h')
  local version, except, from = string.match(value or '', '^(%d+)|([%w_-]*)|(%d*)$')
  version = number(version)
  -- What readers would not take, whose answer would keep new tokens out.
  if not version or version < 1 or from ~= '' and not number(from) then return nil end
  return { version = version, except = except, exceptFrom = number(from) }
end

local function writeHead(head)
  local from = head.exceptFrom and text(head.exceptFrom) or ''
  redis.call('HSET', key, 'h', text(head.version) .. '|' .. (head.except or '') .. '|' .. from)
end

local function needHead()
  local head = readHead()
  if not head then
    head = { version = now }
    writeHead(head)
  end
  return head
end

-- What cannot be read denies at once, and for as long as the key lives.
local function readEntry(field)
  local value = redis.call('HGET', key, field)
  if not value then return nil end
  local from, till, successor = string.match(value, '^(%d*)|(%d+)|([%w_.-]*)$')
  if not number(till) or from ~= '' and not number(from) then
    return { from = 0, till = 0, successor = '' }
  end
  return { from = number(from), till = number(till), successor = successor }
end

local function writeEntry(field, entry)
  local from = entry.from and text(entry.from) or ''
  redis.call('HSET', key, field, from .. '|' .. text(entry.till) .. '|' .. entry.successor)
end

-- The key lives as long as the last thing in it; EXPIRE GT would do nothing on a key without a life.
local function liveFor(life)
  if redis.call('PTTL', key) < life then
    redis.call('PEXPIREAT', key, text(now + life + ${SLACK}))
  end
end

local function readBook()
  local value = redis.call('HGET', key, 'b')
  local limit, cursor, operations = string.match(value or '', '^(%d+)|(%d+)|(.*)$')
  return { limit = number(limit) or ${LEAST}, cursor = cursor or '0', operations = operations or '' }
end

local function writeBook(book)
  redis.call('HSET', key, 'b', text(book.limit) .. '|' .. book.cursor .. '|' .. book.operations)
end

local function knows(book, operation)
  return string.find(',' .. book.operations .. ',', ',' .. operation .. ',', 1, true) ~= nil
end

local function remember(book, operation)
  local kept, operations = operation, 1
  for earlier in string.gmatch(book.operations, '[^,]+') do
    if operations < ${REMEMBERED} then kept = kept .. ',' .. earlier end
    operations = operations + 1
  end
  book.operations = kept
end

-- Once the fields have doubled, all of them are looked at, some at each write: a write costs the same however many
-- there are, and at most half of them have run out.
local function prune(added)
  local book = readBook()
  if book.cursor == '0' and redis.call('HLEN', key) <= book.limit then return end
  local step = redis.call('HSCAN', key, book.cursor, 'COUNT', text(math.max(64, 4 * added)))
  local fields, gone = step[2], {}
  for i = 1, #fields, 2 do
    local kind = string.sub(fields[i], 1, 1)
    local till = number(string.match(fields[i + 1], '^%d*|(%d+)|'))
    if (kind == 'j' or kind == 's') and till and till <= now then table.insert(gone, fields[i]) end
  end
  for i = 1, #gone, 1000 do
    redis.call('HDEL', key, unpack(gone, i, math.min(i + 999, #gone)))
  end
  book.cursor = step[1]
  if book.cursor == '0' then book.limit = math.max(${LEAST}, 2 * redis.call('HLEN', key)) end
  writeBook(book)
end

-- A server that is full refuses to write, but not to a script that has taken something away before; and a denial
-- has to get through.
local function insist() redis.call('HDEL', key, '') end
`;
