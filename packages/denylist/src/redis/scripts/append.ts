import { broadWindowMs } from '../../log/broad-rules.ts';
import { forEver, maxCutoffAheadSeconds, ruleMarginSeconds, stampCeiling } from '../../rules/rule.ts';
import { script } from './script.ts';
import { writing } from './writing.ts';

/** How long an event id is kept. */
export const idRetentionMs = 86_400_000;

/**
 * append-7: merges one statement into the rules and appends its event, in one atomic step.
 *
 * KEYS rules, log, meta, ids
 * ARGV epoch candidate · default longest token lifetime (s) · log retention (ms) · event id, empty for a re-seed ·
 *      digest (16 bytes) · kind: deny | cutoff | lift | seed · four numbers (see below) · details (JSON) ·
 *      broad revocations allowed in one window, empty for a request that is not counted ·
 *      what the event id stands for · wall clock of the writer (ms) · its boot id, empty when unknown ·
 *      identity of the log that is expected, empty for any
 *      deny: until, or -1 for now + longest lifetime + margin · cutoff: issuedUpTo, or -1 for now + skew ·
 *      seed: deniedUntil, issuedUpTo, stamp, lifted
 * Returns { 'appended' | 'repeated' | 'unchanged', epoch, head, now in ms, stream id, identity or '' };
 *      of 'repeated' the head and the stream id of the end of the log,
 *      { 'id_conflict' }, { 'wrong_log', identity or '' }, { 'too_many_broad_rules', ms to wait }, or { why the statement is refused, now in ms, \`clock\` of
 *      meta or '' }.
 *
 * An id has up to three members with one score: \`id\`, which the last release wrote alone; \`id n\`, which says that there is a
 * third one; \`id fingerprint\`. No id contains a space.
 *
 * The arithmetic is that of statement.ts, rule.ts and broad-rules.ts; a test compares both.
 */
export const appendScript = script(
  'append',
  4,
  `${writing}
local rules, log, meta, ids = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, digest, kind = ARGV[4], ARGV[5], ARGV[6]
local now = nowMs()
local stored = redis.call('HGET', meta, 'clock') or ''
local agreed, earliest, latest = agreedNow(now, tonumber(ARGV[14]), ARGV[15], stored)
local nowS = agreed and math.floor(agreed / 1000)
local minId = num(now - tonumber(ARGV[3]))
-- Before a log is created: on a wrong server there may be none.
local found = redis.call('HGET', meta, 'identity') or ''
if ARGV[16] ~= '' and found ~= ARGV[16] then return { 'wrong_log', found } end
local state = openLog(rules, log, meta, { epoch = ARGV[1], lifetime = ARGV[2], now = now, stampMs = agreed or latest, minId = minId })
if id ~= '' then
  local known = redis.call('ZSCORE', ids, id)
  if known and redis.call('ZSCORE', ids, id .. ' n') and not redis.call('ZSCORE', ids, id .. ' ' .. ARGV[13]) then return { 'id_conflict' } end
  if known then return { 'repeated', state.epoch, state.head, known, redis.call('HGET', meta, 'lastId') or '', state.identity } end
end
-- After the ids: a retry of what was applied succeeds whatever the clock says by then.
local given = tonumber(ARGV[7])
local ahead = kind == 'cutoff' and given > (nowS or math.floor(earliest / 1000)) + ${maxCutoffAheadSeconds}
if ahead and nowS then return { 'cutoff_in_future', num(now), stored } end
-- A number that no clock refuses needs no agreed time, and neither does a stamp.
if not nowS and (ahead or (given < 0 and kind ~= 'seed')) then return { 'clock_disagreement', num(now), stored } end

local broadLimit, broadFrom, broadCount = tonumber(ARGV[12]), 0, 0
if broadLimit then
  local window = redis.call('HMGET', meta, 'broadFrom', 'broadCount')
  broadFrom, broadCount = tonumber(window[1] or '0'), tonumber(window[2] or '0')
  if now < broadFrom or now >= broadFrom + ${broadWindowMs} then broadFrom, broadCount = now, 0 end
  if broadCount >= broadLimit then return { 'too_many_broad_rules', num(broadFrom + ${broadWindowMs} - now) } end
end

local held = ruleOf(rules, digest)
local stated
if kind == 'deny' then
  local ends = given
  if ends < 0 then ends = math.min(nowS + state.lifetime + ${ruleMarginSeconds}, ${forEver - 1}) end
  stated = { ends, 0, nextStamp(held, agreed or latest), 0 }
elseif kind == 'cutoff' then
  local issued = given
  if issued < 0 then issued = nowS + state.skew end
  stated = { 0, issued, 0, 0 }
elseif kind == 'lift' then
  if held[3] >= ${stampCeiling} then return { 'stamp_beyond_bounds', num(now), stored } end
  local seen = held[3]
  if seen == 0 then seen = math.floor((agreed or earliest) / 1000) end
  stated = { 0, 0, 0, seen }
else
  stated = { given, tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]) }
end
local rule = mergeRules(held, stated)
local changed = rule[1] ~= held[1] or rule[2] ~= held[2] or rule[3] ~= held[3] or rule[4] ~= held[4]
-- A success denies.
if kind == 'deny' and rule[3] <= rule[4] then return redis.error_reply('ERR the denial would not be in force') end
if kind == 'seed' and not changed then return { 'unchanged', state.epoch, state.head, num(now) } end

-- The first write. Redis does not undo a script in which a command fails, so all other keys have been read before.
local entry = appendRule(rules, log, meta, state, { digest = digest, rule = rule, now = now, minId = minId, details = ARGV[11] })
if broadLimit then redis.call('HSET', meta, 'broadFrom', num(broadFrom), 'broadCount', num(broadCount + 1)) end
if id ~= '' then
  redis.call('ZADD', ids, num(now), id, num(now), id .. ' n', num(now), id .. ' ' .. ARGV[13])
  -- A clock that stepped ahead must not forget ids.
  if agreed then redis.call('ZREMRANGEBYSCORE', ids, '-inf', num(math.min(agreed, now) - ${idRetentionMs})) end
end
return { 'appended', state.epoch, state.head, num(now), entry, state.identity }
`,
);
