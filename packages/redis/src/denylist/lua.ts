import { type Script, toScript } from '../client/run-script.js';

/*
 * One HASH per subject. Its fields:
 *
 *   h       "<version>|<except>|<exceptFrom>": the watermark; `except` is the part of a sid behind the tag, or empty
 *   b       "<limit>|<cursor>|<operation>,…": state of the scripts
 *   j<jti>  "<from>|<until>|<successor>": a token
 *   s<16 characters>  the same for a session, named by the part of its sid behind the tag; without a successor
 *
 * `from` is the moment from which it is denied by name; it is empty for a token that was only replaced. An entry may be
 * dropped after `until`. Values are short, so that a small hash keeps its compact encoding.
 *
 * The last argument of every script is the epoch: a watermark of a version before it was written before a crash that may
 * have lost later denials, and is treated as lost.
 */

/** Fields of a subject below which expired entries are not searched. */
const MIN_PRUNE_FIELDS = 64;

/** Milliseconds that a key may live beyond what was asked for, so that not every call has to prolong it. */
const TTL_SLACK_MS = 60_000;

/** Calls of a subject that are remembered, so that a repeated one is recognised. */
const OPERATIONS = 3;

/** Precedes every script that writes. Times are the server's, in milliseconds. */
const HEADER = `
local key = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local epoch = tonumber(ARGV[#ARGV])

local function text(n) return string.format('%.0f', n) end

-- Returns a number that the digits hold without loss.
local function number(digits) return digits and #digits > 0 and #digits <= 15 and tonumber(digits) or nil end

-- Returns nil for a watermark that is absent, unreadable or lost. All tokens are denied then, and a new one is written.
local function read_watermark()
  local value = redis.call('HGET', key, 'h')
  local version, except, from = string.match(value or '', '^(%d+)|([%w_-]*)|(%d*)$')
  version = number(version)
  if not version or version < 1 or version < epoch or from ~= '' and not number(from) then return nil end
  return { version = version, except = except, exceptFrom = number(from) }
end

local function write_watermark(mark)
  local from = mark.exceptFrom and text(mark.exceptFrom) or ''
  redis.call('HSET', key, 'h', text(mark.version) .. '|' .. (mark.except or '') .. '|' .. from)
end

local function ensure_watermark()
  local mark = read_watermark()
  if not mark then
    mark = { version = math.max(now, epoch) }
    write_watermark(mark)
  end
  return mark
end

-- An entry that cannot be read denies, for as long as the key lives.
local function read_entry(field)
  local value = redis.call('HGET', key, field)
  if not value then return nil end
  local from, till, successor = string.match(value, '^(%d*)|(%d+)|([%w_.-]*)$')
  if not number(till) or from ~= '' and not number(from) then
    return { from = 0, till = 0, successor = '' }
  end
  return { from = number(from), till = number(till), successor = successor }
end

local function write_entry(field, entry)
  local from = entry.from and text(entry.from) or ''
  redis.call('HSET', key, field, from .. '|' .. text(entry.till) .. '|' .. entry.successor)
end

-- The key lives as long as the last thing in it; EXPIRE GT would do nothing on a key without a life.
local function live_for(ttl)
  if redis.call('PTTL', key) < ttl then
    redis.call('PEXPIREAT', key, text(now + ttl + ${TTL_SLACK_MS}))
  end
end

local function read_meta()
  local value = redis.call('HGET', key, 'b')
  local limit, cursor, operations = string.match(value or '', '^(%d+)|(%d+)|(.*)$')
  return { limit = number(limit) or ${MIN_PRUNE_FIELDS}, cursor = cursor or '0', operations = operations or '' }
end

local function write_meta(meta)
  redis.call('HSET', key, 'b', text(meta.limit) .. '|' .. meta.cursor .. '|' .. meta.operations)
end

local function has_operation(meta, operation)
  return string.find(',' .. meta.operations .. ',', ',' .. operation .. ',', 1, true) ~= nil
end

local function remember(meta, operation)
  local kept, operations = operation, 1
  for earlier in string.gmatch(meta.operations, '[^,]+') do
    if operations < ${OPERATIONS} then kept = kept .. ',' .. earlier end
    operations = operations + 1
  end
  meta.operations = kept
end

-- Once the fields have doubled, all of them are checked, some at each write. So the cost of a write does not depend on
-- their number, and at most half of them have expired.
local function prune(added)
  local meta = read_meta()
  if meta.cursor == '0' and redis.call('HLEN', key) <= meta.limit then return end
  local step = redis.call('HSCAN', key, meta.cursor, 'COUNT', text(math.min(256, math.max(32, 4 * added))))
  local fields, gone = step[2], {}
  for i = 1, #fields, 2 do
    local kind = string.sub(fields[i], 1, 1)
    local till = number(string.match(fields[i + 1], '^%d*|(%d+)|'))
    if (kind == 'j' or kind == 's') and till and till <= now then table.insert(gone, fields[i]) end
  end
  for i = 1, #gone, 1000 do
    redis.call('HDEL', key, unpack(gone, i, math.min(i + 999, #gone)))
  end
  meta.cursor = step[1]
  if meta.cursor == '0' then meta.limit = math.max(${MIN_PRUNE_FIELDS}, 2 * redis.call('HLEN', key)) end
  write_meta(meta)
end

-- A full server refuses to write, except in a script that has deleted something before. A denial must be written.
local function ensure_writable() redis.call('HDEL', key, '') end
`;

function script(source: string): Script {
  return toScript(`${HEADER}${source}`);
}

/** Arguments: ttl. Replies with the version that a new token has to carry. */
export const CURRENT_VERSION: Script = script(`
local mark = ensure_watermark()
live_for(tonumber(ARGV[1]))
return text(mark.version)
`);

/** Arguments: ttl, then a field and its \`from\` for each denial. Replies with the number of new denials. */
export const DENY: Script = script(`
ensure_writable()
ensure_watermark()
local ttl, count = tonumber(ARGV[1]), 0
for i = 2, #ARGV - 2, 2 do
  local field, from = ARGV[i], tonumber(ARGV[i + 1])
  local entry = read_entry(field) or { till = 0, successor = '' }
  if not entry.from or from < entry.from then
    entry.from, count = from, count + 1
  end
  entry.till = math.max(entry.till, now + ttl)
  write_entry(field, entry)
end
live_for(ttl)
prune(#ARGV / 2)
return text(count)
`);

/** Arguments: ttl, operation, except or empty. Replies with the new watermark, as it is stored. */
export const DENY_ALL: Script = script(`
ensure_writable()
local ttl, operation, except = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local meta, mark, ends = read_meta(), read_watermark(), 0
if not mark or not has_operation(meta, operation) then
  local next = { version = math.max((mark and mark.version or 0) + 1, now, epoch) }
  if mark and except ~= '' then
    next.except = except
    next.exceptFrom = mark.except == except and mark.exceptFrom or mark.version
  else
    -- Tokens that are denied by their version need no entry. The key has to live as long as before.
    ends = redis.call('PTTL', key)
    redis.call('UNLINK', key)
    meta.limit, meta.cursor = ${MIN_PRUNE_FIELDS}, '0'
  end
  remember(meta, operation)
  write_watermark(next)
  write_meta(meta)
  if ends > ttl then redis.call('PEXPIREAT', key, text(now + ends)) end
end
live_for(ttl)
return redis.call('HGET', key, 'h')
`);

/**
 * Arguments: ttl, operation, and the watermark that the call had written: version, except, exceptFrom. Restores the part
 * of it that a failover has lost, and spares tokens that were issued after it. Replies with 1 if there was any.
 */
export const REPLAY_DENY_ALL: Script = script(`
ensure_writable()
local ttl, operation, version = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local except, exceptFrom = ARGV[4], tonumber(ARGV[5])
local meta, mark = read_meta(), read_watermark()
-- Without a watermark every token is denied.
if not mark or has_operation(meta, operation) then return '0' end
if mark.version < version then
  mark = { version = version, except = except, exceptFrom = exceptFrom }
else
  -- A later call may have spared a session; it cannot have spared tokens that this call had denied.
  local from = mark.except == except and exceptFrom or version
  if not mark.exceptFrom or mark.exceptFrom >= from then return '0' end
  mark.exceptFrom = from
end
remember(meta, operation)
write_watermark(mark)
write_meta(meta)
live_for(ttl)
return '1'
`);

/**
 * Arguments: ttl, field of the token, field of its session, version, the part of its sid behind the tag, the engine's
 * time, successor. Replies with the successor and the version, or nil if the token is denied.
 */
export const SUPERSEDE: Script = script(`
ensure_writable()
local ttl, field, sessionField = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local version, rest, at = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local mark = read_watermark()
if not mark then return false end
local isSpared = rest == mark.except and version < mark.version
  and version >= (mark.exceptFrom or mark.version)
if version ~= mark.version and not isSpared then return false end
local session, entry = read_entry(sessionField), read_entry(field) or { till = 0, successor = '' }
if session and (not session.from or at >= session.from) then return false end
if entry.from and at >= entry.from then return false end
if entry.successor == '' then
  entry.till, entry.successor = math.max(entry.till, now + ttl), ARGV[7]
  write_entry(field, entry)
end
live_for(ttl)
prune(1)
return { entry.successor, text(mark.version) }
`);

/**
 * Arguments: maximum, then the fields of the watermark, the token and its session. Replies with all fields of the key if
 * their number is within the maximum, and with those three values otherwise.
 */
export const READ: Script = toScript(`
local key = KEYS[1]
if redis.call('HLEN', key) <= tonumber(ARGV[1]) then
  return { 'all', redis.call('HGETALL', key) }
end
return { 'some', redis.call('HMGET', key, ARGV[2], ARGV[3], ARGV[4]) }
`);
