import { script } from './script.ts';
import { writing } from './writing.ts';

/**
 * recall-1: whether the log still has the last rule entry that a process remembers. Another entry in its place, or none,
 * proves a loss; an entry that is older than the log keeps proves nothing. `cover` records that a process which had
 * received everything until the loss has written everything back, so that no other process takes it for a loss.
 *
 * KEYS rules, log, meta
 * ARGV epoch candidate · default longest token lifetime (s) · log retention (ms) · epoch, number, stream id and head that are
 *      remembered · 'ask' | 'flag' (states a restart if the entry is lost) | 'cover' |
 *      'cover_all' (this process also ends the restart that the loss led to) · wall clock of this process (ms) ·
 *      its boot id, empty when unknown
 * Returns 'continues' | 'trimmed' | 'lost' | 'covered' | 'other_epoch'.
 */
export const recallScript = script(
  'recall',
  3,
  `${writing}
local rules, log, meta = KEYS[1], KEYS[2], KEYS[3]
local epoch, seq, id, head, act = ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7], ARGV[8]
local m = redis.call('HMGET', meta, 'epoch', 'seq', 'coveredSeq', 'coveredId', 'lostSeq', 'lostId', 'lostStamp', 'clock')
if m[1] ~= epoch then return 'other_epoch' end
local foundSeq, foundHead = entryAt(log, id)
if foundHead == head then return 'continues' end
if not foundSeq and tonumber(m[2]) >= seq then
  local first = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
  if not first then return 'trimmed' end
  local firstSeq = readEntry(first)
  if isAfter(first[1], id) and (not firstSeq or firstSeq > seq) then return 'trimmed' end
end
local function includes(otherSeq, otherId) return otherSeq and otherSeq ~= '' and seq <= tonumber(otherSeq) and not isAfter(id, otherId) end
local covers = act == 'cover' or act == 'cover_all'
if covers then
  if not includes(m[3], m[4]) then redis.call('HSET', meta, 'coveredSeq', num(seq), 'coveredId', id) end
elseif includes(m[3], m[4]) then return 'covered' end
if act == 'ask' then return 'lost' end
if act == 'cover' then return 'covered' end
local now = nowMs()
local agreed, _, latest = agreedNow(now, tonumber(ARGV[9]), ARGV[10], m[8])
local given = { epoch = ARGV[1], lifetime = ARGV[2], now = now, stampMs = agreed or latest, minId = num(now - tonumber(ARGV[3])) }
local state = openLog(rules, log, meta, given)
if covers then
  local isFlagged = m[5] and m[5] ~= '' and tonumber(m[5]) <= seq and not isAfter(m[6], id)
  if isFlagged then endRestart(rules, log, meta, state, given, m[7]) end
  return 'covered'
end
-- Several processes may remember it: one restart is enough.
local restart = ruleOf(rules, RESTART)
if includes(m[5], m[6]) and num(restart[3]) == m[7] and restart[3] > restart[4] then return 'lost' end
local stamp = flagRestart(rules, log, meta, state, given)
redis.call('HSET', meta, 'lostSeq', num(seq), 'lostId', id, 'lostStamp', num(stamp))
return 'lost'
`,
);
