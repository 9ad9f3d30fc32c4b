import { eventVersion } from '../../codec/event.ts';
import { healingBeats, healingMs } from '../../log/healing.ts';
import { identity } from './identity.ts';
import { script } from './script.ts';
import { writing } from './writing.ts';

/** Between two heartbeats. A longer pause may be a failover or a restart. */
const longestPauseMs = 1500;

/**
 * heartbeat-8: takes or renews the lease and, as its holder, writes a heartbeat. A heartbeat is a *write*, because a
 * primary that was cut off still answers reads. `steadySince` is the time of the first heartbeat after the last long pause.
 * `ownBeatAt` is the last heartbeat of this version: an earlier one notices no pauses and counts no beats.
 *
 * A healing log ends healing after enough regular beats of lease holders, and not before its time: a clock that steps ahead
 * must not end it early. A clock that steps back must not prolong it, and a log that was whole stays whole.
 *
 * A lease that ends later than this holder's would was dated by the faster clock of a primary that is gone: it is free.
 * PTTL may be forbidden by rights that were granted for an earlier version; then every lease counts.
 *
 * KEYS lease, log, meta, rules
 * ARGV epoch candidate · default longest token lifetime (s) · log retention (ms) · holder · lease time (ms) ·
 *      1 to write one heartbeat without the lease, else 0 · wall clock of this process (ms) · its boot id, empty when unknown ·
 *      identity of the log that this process remembers · stream id and head of its last position at which it was fresh, of an
 *      earlier one, and of the last rule entry (each empty when there is none)
 * Returns { 'written' | 'held', now in ms, `clock` of meta or '', epoch, identity or '' }; `held` when another process has the lease.
 */
export const heartbeatScript = script(
  'heartbeat',
  4,
  `${writing}${identity}
local lease, log, meta, rules = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local holder = redis.call('GET', lease)
local now = nowMs()
local held = holder and holder ~= ARGV[4]
if held then
  local left = redis.pcall('PTTL', lease)
  if type(left) == 'number' and left > tonumber(ARGV[5]) then held = false end
end
local m = redis.call('HMGET', meta, 'clock', 'gapUntil', 'epoch', 'identity')
local stored, epoch, named = m[1] or '', m[3] or '', m[4] or ''
if held and ARGV[6] ~= '1' and (m[2] or '') == '' then
  local state = { epoch = epoch, identity = named }
  if epoch ~= '' then nameLog(rules, meta, state, { isHolder = false }, ARGV[9]) end
  return { 'held', num(now), stored, epoch, state.identity }
end
if not held then redis.call('SET', lease, ARGV[4], 'PX', ARGV[5]) end
local minId = num(now - tonumber(ARGV[3]))
local agreed, _, latest = agreedNow(now, tonumber(ARGV[7]), ARGV[8], stored)
local given = { epoch = ARGV[1], lifetime = ARGV[2], now = now, stampMs = agreed or latest, minId = minId,
  held = { { ARGV[10], ARGV[11] }, { ARGV[12], ARGV[13] }, { ARGV[14], ARGV[15] } }, isHolder = not held }
local state = openLog(rules, log, meta, given)
judgeGap(rules, log, meta, state, given)
nameLog(rules, meta, state, given, ARGV[9])
if held and ARGV[6] ~= '1' then return { 'held', num(now), stored, state.epoch, state.identity } end
local before = redis.call('HMGET', meta, 'hbAt', 'steadySince', 'ownBeatAt', 'beats')
local steadySince = tonumber(before[2])
local pause = before[1] and now - tonumber(before[1]) or 0
if not steadySince or pause < 0 or pause > ${longestPauseMs} or before[1] ~= before[3] then steadySince = now end
-- Under a holder of the last release, which counts no beats, the time has decided.
local decided = before[1] ~= before[3] and now >= state.healUntil
local beats = not decided and before[4] or ${healingBeats}
if not held and ARGV[6] ~= '1' then beats = math.min(beats + 1, ${healingBeats}) end
local healUntil = math.min(state.healUntil, now + ${healingMs})
local healing = '1'
if now >= healUntil and tonumber(beats) >= ${healingBeats} then healing, healUntil = '0', 0 end
local body = table.concat({ '${eventVersion}', 'h', num(state.seq + 1), num(now), healing }, '|')
append(log, meta, state, body, minId)
redis.call('HSET', meta, 'hbAt', num(now), 'ownBeatAt', num(now), 'steadySince', num(steadySince), 'beats', num(beats), 'healUntil', num(healUntil))
if held then return { 'held', num(now), stored, state.epoch, state.identity } end
stored = table.concat({ num(now), ARGV[7], ARGV[8] }, '|')
redis.call('HSET', meta, 'clock', stored)
return { 'written', num(now), stored, state.epoch, state.identity }
`,
);

/**
 * release-1: deletes the lease, if it belongs to the holder.
 *
 * KEYS lease · ARGV holder · Returns 1 when deleted, else 0.
 */
export const releaseScript = script(
  'release',
  1,
  `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`,
);
