import { healingBeats } from '../../log/healing.ts';
import { cutoffSkewSeconds, unstatedCutoffSkewSeconds } from '../../rules/rule.ts';
import { clocks } from './clocks.ts';
import { script } from './script.ts';
import { restartDetails, writing } from './writing.ts';

/**
 * position-5: the end of the log, read in one atomic step so that head and last id belong together.
 *
 * KEYS meta, log
 * Returns { now in ms, epoch, head, 1 when healing else 0, maxTokenLifetime, minReader, last id, skew (s), identity, ms in which it began };
 * epoch false when there is no log, the last one false when a process of the last release began it.
 */
export const positionScript = script(
  'position',
  2,
  `${clocks}
local now = nowMs()
local m = redis.call('HMGET', KEYS[1], 'epoch', 'head', 'healUntil', 'maxTokenLifetime', 'minReader', 'beats', 'hbAt', 'ownBeatAt', 'skew', 'identity', 'bornAt')
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
local id = '0-0'
if last[1] then id = last[1][1] end
local healing = 0
if m[1] and isHealing(now, m[3], m[6], m[7], m[8]) then healing = 1 end
return { num(now), m[1], m[2], healing, m[4], m[5], id, m[9] or '${unstatedCutoffSkewSeconds}', m[10], m[11] }
`,
);

/**
 * declare-5: declares a first log, or one that is healing, complete, and ends a restart that is in force. For an operator
 * who knows that nothing was lost. A first log has no readers whose lines could be lost, so it is steady from the start.
 *
 * KEYS rules, log, meta · ARGV epoch candidate · longest token lifetime (s) · log retention (ms)
 * Returns { 'created' | 'healed' | 'whole', epoch }.
 */
export const declareScript = script(
  'declare',
  3,
  `${writing}
local rules, log, meta = KEYS[1], KEYS[2], KEYS[3]
local now = nowMs()
local known = redis.call('HEXISTS', meta, 'epoch')
local state = openLog(rules, log, meta, { epoch = ARGV[1], lifetime = ARGV[2], now = now, declared = true })
local restart = ruleOf(rules, RESTART)
local restarted = restart[3] > restart[4]
if restarted then
  local ended = mergeRules(restart, { 0, 0, 0, restart[3] })
  appendRule(rules, log, meta, state, { digest = RESTART, rule = ended, now = now, minId = num(now - tonumber(ARGV[3])), details = '${restartDetails}' })
end
if state.identity == '' then redis.call('HSET', meta, 'identity', state.epoch) end
redis.call('HSET', meta, 'gapUntil', '')
local m = redis.call('HMGET', meta, 'beats', 'hbAt', 'ownBeatAt')
local healing = isHealing(now, state.healUntil, m[1], m[2], m[3])
if known == 1 and not healing and not restarted then return { 'whole', state.epoch } end
redis.call('HSET', meta, 'healUntil', '0', 'beats', '${healingBeats}')
if known == 1 then return { 'healed', state.epoch } end
redis.call('HSET', meta, 'steadySince', '0')
return { 'created', state.epoch }
`,
);

/**
 * raise-skew-1: gives a log of the last release the skew of a new one.
 *
 * KEYS meta · Returns 1 when it was raised now, 0 when it was not lower or there is no log.
 */
export const raiseSkewScript = script(
  'raise-skew',
  1,
  `local skew = redis.call('HGET', KEYS[1], 'skew') or '${unstatedCutoffSkewSeconds}'
if redis.call('HEXISTS', KEYS[1], 'epoch') == 0 or tonumber(skew) >= ${cutoffSkewSeconds} then return 0 end
redis.call('HSET', KEYS[1], 'skew', '${cutoffSkewSeconds}')
return 1
`,
);

/**
 * end-restart-4: ends the restart that has this stamp, and no other: a later one has a later stamp.
 *
 * KEYS rules, log, meta · ARGV epoch candidate · longest token lifetime (s) · log retention (ms) · stamp ·
 *      wall clock of this process (ms) · its boot id, empty when unknown
 * Returns 1 when it was ended now, else 0.
 */
export const endRestartScript = script(
  'end-restart',
  3,
  `${writing}
local rules, log, meta = KEYS[1], KEYS[2], KEYS[3]
local now = nowMs()
local minId = num(now - tonumber(ARGV[3]))
local agreed, _, latest = agreedNow(now, tonumber(ARGV[5]), ARGV[6], redis.call('HGET', meta, 'clock'))
local state = openLog(rules, log, meta, { epoch = ARGV[1], lifetime = ARGV[2], now = now, stampMs = agreed or latest, minId = minId })
if endRestart(rules, log, meta, state, { now = now, minId = minId }, ARGV[4]) then return 1 end
return 0
`,
);
