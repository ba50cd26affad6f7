/**
 * Lua code for the pages of the index: reads and changes them, and keeps the directory of the header true. A page of one
 * entry is not stored: the directory has all of it. Empty pages at the end are dropped. `locate` returns the page of a
 * session and the place of its entry there; `addEntry` and `touchEntry` return the page. Used by `INDEX_HEADER`, whose
 * constants and variables it needs.
 */
export const PAGES = `
local function slot(p) return unpackAt('>I2I7I7c16', meta.dir, p * SLOT + 1) end

local function setSlot(p, value)
  meta.dir = sub(meta.dir, 1, p * SLOT) .. value .. sub(meta.dir, (p + 1) * SLOT + 1)
end

local function summarize(page)
  local ends, used, first = NEVER, NEVER, 0
  for at = 1, #page, ENTRY do
    local u, e = unpackAt('>I7I7', page, at + 16)
    if e < ends then ends = e end
    if u < used or u == used and isBefore(sub(page, at, at + 15), sub(page, first, first + 15)) then used, first = u, at end
  end
  local name = first > 0 and sub(page, first, first + 15) or string.rep(' ', 16)
  return pack('>I2I7I7c16', #page / ENTRY, ends, used, name)
end

local function readPage(p)
  local page = pages[p]
  if not page then
    local count, ends, used, first = slot(p)
    if count == 1 then
      page = pack('>c16I7I7', first, used, ends)
    else
      page = count > 0 and redis.call('HGET', key, '#' .. p) or ''
    end
    -- A damaged page is given up. Its sessions return to the index with their next write.
    if #page ~= count * ENTRY then
      meta.count = math.max(0, meta.count - count)
      page = ''
      setSlot(p, summarize(''))
    end
    pages[p] = page
  end
  return page
end

local function setPage(p, page)
  local name, count = '#' .. p, slot(p)
  pages[p] = page
  fields[name] = #page > ENTRY and page or nil
  if count > 1 and #page <= ENTRY then redis.call('HDEL', key, name) end
  setSlot(p, summarize(page))
end

local function locate(field, p)
  if p and (p + 1) * SLOT <= #meta.dir then
    local at = findAligned(readPage(p), field, ENTRY, 0)
    if at then return p, at end
  end
  -- Only after damage: the session does not name its page, or another one.
  for q = 0, #meta.dir / SLOT - 1 do
    local at = findAligned(readPage(q), field, ENTRY, 0)
    if at then return q, at end
  end
end

local function addEntry(field, used, ends, hint)
  if meta.dir == '' then
    meta.count, meta.dir, meta.soonest, pages = 1, pack('>I2I7I7c16', 1, ends, used, field), ends, {}
    return 0
  end
  local last = #meta.dir / SLOT - 1
  local p = hint or last
  if slot(p) >= PAGE then
    p = nil
    if meta.count < (last + 1) * PAGE then
      for q = last, 0, -1 do
        if slot(q) < PAGE then p = q break end
      end
    end
  end
  if not p then
    p = last + 1
    setSlot(p, summarize(''))
    pages[p] = ''
  end
  local page = readPage(p) .. pack('>c16I7I7', field, used, ends)
  local count, minEnds, minUsed, first = slot(p)
  if used < minUsed or used == minUsed and isBefore(field, first) then minUsed, first = used, field end
  pages[p] = page
  if count > 0 then fields['#' .. p] = page end
  setSlot(p, pack('>I2I7I7c16', count + 1, math.min(minEnds, ends), minUsed, first))
  meta.count = meta.count + 1
  meta.soonest = math.min(meta.soonest, ends)
  return p
end

local function removeEntry(p, at)
  if meta.count == 1 and #meta.dir == SLOT then
    meta.count, meta.dir, pages = 0, '', {}
    return
  end
  local page = readPage(p)
  setPage(p, sub(page, 1, at - 1) .. sub(page, at + ENTRY))
  meta.count = math.max(0, meta.count - 1)
  local last = #meta.dir / SLOT - 1
  while last >= 0 and slot(last) == 0 do
    meta.dir = sub(meta.dir, 1, last * SLOT)
    pages[last] = nil
    last = last - 1
  end
end

local function touchEntry(field, p, used, ends)
  if p and (p + 1) * SLOT <= #meta.dir then
    local count, _, _, first = slot(p)
    if count == 1 and first == field then
      meta.soonest = math.min(meta.soonest, ends)
      setSlot(p, pack('>I2I7I7c16', 1, ends, used, field))
      pages[p] = nil
      return p
    end
  end
  local q, at = locate(field, p)
  if not q then return addEntry(field, used, ends) end
  local page = readPage(q)
  local _, wasUsed, wasEnds = unpackAt('>c16I7I7', page, at)
  if wasUsed == used and wasEnds == ends then return q end
  meta.soonest = math.min(meta.soonest, ends)
  page = sub(page, 1, at + 15) .. pack('>I7I7', used, ends) .. sub(page, at + ENTRY)
  local count, minEnds, minUsed, first = slot(q)
  -- The summary changes only with the smallest entries; most of the others are left out of a scan.
  if wasEnds > minEnds and first ~= field and ends >= minEnds and used > minUsed then
    pages[q] = page
    fields['#' .. q] = page
  else
    setPage(q, page)
  end
  return q
end`;
