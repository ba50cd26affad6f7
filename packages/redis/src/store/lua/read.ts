import { type Script, toScript } from '../../client/run-script.js';
import { PARSE_META } from './header.js';
import { script } from './session-script.js';

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
      local page = readPage(p)
      for at = 1, #page, ENTRY do
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
