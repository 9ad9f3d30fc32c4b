import { keptMs, maxGapMs, recoveryWaitMs, witnessSpanMs } from '../../log/log-gap.ts';

// What a process remembers of the log, compared with the log: a backup that was restored while no sidecar ran has the epoch
// of before. `meta` keeps the latest gap: `gapUntil` (when the wait ends), `gapId` and `gapHead` (the last entry before it),
// `gapStamp` (of the restart that it led to). Empty means none: the rights of a sidecar do not include HDEL.
export const continuity = `
local function isAfter(a, b)
  local aMs, aSeq = string.match(a, '^(%d+)-(%d+)$')
  local bMs, bSeq = string.match(b, '^(%d+)-(%d+)$')
  if not aMs or not bMs then return false end
  if aMs == bMs then return tonumber(aSeq) > tonumber(bSeq) end
  return tonumber(aMs) > tonumber(bMs)
end
local function msOf(id) return tonumber(string.match(id, '^%d+')) or 0 end
-- Number and head of an entry; nil for an entry of another program.
local function readEntry(row)
  local f = row and row[2]
  if not f or f[1] ~= 'p' or f[3] ~= 'e' then return nil end
  return tonumber(string.match(f[4], '^%d+|%a|(%d+)|')), string.sub(redis.sha1hex(f[2] .. f[4]), 1, 16)
end
local function entryAt(log, id)
  if not string.match(id, '^%d+-%d+$') then return nil end
  return readEntry(redis.call('XRANGE', log, id, id)[1])
end
local function has(log, mark)
  local _, found = entryAt(log, mark[1])
  return found ~= nil and found == mark[2]
end
-- Whether the log before a gap continues what a process remembers: pairs of id and head of its last position, of one some
-- seconds earlier, and of its last rule entry.
local function continuesGap(log, gap, held)
  local last, earlier, rule = held[1], held[2], held[3]
  if last[1] == '' or gap[1] == '' or msOf(gap[1]) - msOf(last[1]) > ${witnessSpanMs} then return false end
  if last[1] == gap[1] then return last[2] == gap[2] end
  if not isAfter(last[1], gap[1]) then return has(log, last) end
  -- The log has lost entries that this process holds. Nothing is lost if all of them are heartbeats.
  if isAfter(earlier[1], gap[1]) or not has(log, earlier) then return false end
  return not isAfter(rule[1], earlier[1]) or has(log, rule)
end
-- given: now, stampMs, minId, held (what this process remembers from before the gap), isHolder
local function judgeGap(rules, log, meta, state, given)
  local g = redis.call('HMGET', meta, 'hbAt', 'gapUntil', 'gapId', 'gapHead', 'gapStamp')
  if g[1] and given.now - tonumber(g[1]) > ${maxGapMs} then
    local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
    g = { g[1], num(given.now + ${recoveryWaitMs}), last and last[1] or '', state.head, '' }
    if continuesGap(log, { g[3], g[4] }, given.held) then
      redis.call('HSET', meta, 'gapUntil', '')
      return
    end
    state.healUntil = math.max(state.healUntil, tonumber(g[2]))
    state.keepFrom = msOf(g[3]) - ${witnessSpanMs}
    redis.call('HSET', meta, 'gapUntil', g[2], 'gapId', g[3], 'gapHead', g[4], 'gapStamp', '', 'healUntil', num(state.healUntil))
    return
  end
  local waitsUntil = tonumber(g[2] or '')
  if not waitsUntil then return end
  -- A clock that is set back must not prolong the wait: the recovery would end first, and state no restart.
  local latest = given.now + ${recoveryWaitMs}
  if waitsUntil > latest then
    if state.healUntil == waitsUntil then state.healUntil = latest end
    waitsUntil = latest
    redis.call('HSET', meta, 'gapUntil', num(waitsUntil), 'healUntil', num(state.healUntil))
  end
  if continuesGap(log, { g[3], g[4] }, given.held) then
    if g[5] ~= '' then endRestart(rules, log, meta, state, given, g[5]) end
    if state.healUntil == waitsUntil then state.healUntil = 0 end
    redis.call('HSET', meta, 'gapUntil', '', 'healUntil', num(state.healUntil))
  elseif g[5] == '' and given.isHolder and given.now >= waitsUntil then
    redis.call('HSET', meta, 'gapStamp', num(flagRestart(rules, log, meta, state, given)))
  end
end
-- Until when entries before a gap are kept: for a sidecar that shows later that the log continues its own.
local function keepFrom(given, gapUntil, gapId)
  local waitsUntil = tonumber(gapUntil or '')
  if not waitsUntil or given.now > waitsUntil + ${keptMs} then return nil end
  return msOf(gapId or '') - ${witnessSpanMs}
end
`;
