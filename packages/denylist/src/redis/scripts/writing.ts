import { eventVersion } from '../../codec/event.ts';
import { healingMs } from '../../log/healing.ts';
import { digestToBytes } from '../../rules/digest.ts';
import type { RevocationDetails } from '../../rules/event.ts';
import { restartDigest } from '../../rules/log-restart.ts';
import {
  cutoffSkewSeconds,
  forEver,
  ruleMarginSeconds,
  stampCeiling,
  unstatedCutoffSkewSeconds,
} from '../../rules/rule.ts';
import { clocks } from './clocks.ts';
import { continuity } from './continuity.ts';

/** As a Lua string: Lua has no literal for bytes. */
const restartField = [...digestToBytes(restartDigest)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('');
export const restartDetails = JSON.stringify({ id: 'restart', kind: 'reseed' } satisfies RevocationDetails);

// Shared by all scripts that write. `now` is the log's clock in milliseconds, `stampMs` the time for a stamp: the agreed one,
// or the latest clock where none is agreed. The epoch is an argument, used only when there is no log yet: inside a script,
// random numbers are the same after every restart.
export const writing = `${clocks}
local RESTART = "${restartField}"
local function ruleOf(rules, digest)
  local held = redis.call('HGET', rules, digest)
  if not held then return { 0, 0, 0, 0 } end
  local D, I, S, L = struct.unpack('>I4I4I4I4', held)
  if L >= ${stampCeiling} then L = 0 end
  return { D, I, S, L }
end
local function tombstoneEnd(rule)
  if rule[4] > 0 and rule[3] > rule[4] then return ${forEver} end
  return rule[1]
end
local function mergeRules(a, b)
  local lifted = math.max(a[4], b[4])
  local countsA, countsB = a[3] > lifted, b[3] > lifted
  local denied
  if countsA and countsB then denied = math.max(a[1], b[1])
  elseif countsA then denied = a[1]
  elseif countsB then denied = b[1]
  else denied = math.max(tombstoneEnd(a), tombstoneEnd(b)) end
  return { denied, math.max(a[2], b[2]), math.max(a[3], b[3]), lifted }
end
local function nextStamp(held, stampMs)
  return math.min(math.max(math.floor(stampMs / 1000), held[3], held[4] + 1), ${forEver})
end
local function append(log, meta, state, body, minId)
  if state.keepFrom and tonumber(minId) > state.keepFrom then minId = num(state.keepFrom) end
  local head = string.sub(redis.sha1hex(state.head .. body), 1, 16)
  local id = redis.call('XADD', log, 'MINID', '~', minId, '*', 'p', state.head, 'e', body)
  redis.call('HSET', meta, 'head', head, 'seq', num(state.seq + 1), 'lastId', id)
  state.head, state.seq = head, state.seq + 1
  return id
end
local function appendRule(rules, log, meta, state, entry)
  local hex = string.gsub(entry.digest, '.', function(c) return string.format('%02x', string.byte(c)) end)
  local r = entry.rule
  local body = table.concat({ '${eventVersion}', 'r', num(state.seq + 1), num(entry.now), '', hex, num(r[1]), num(r[2]), num(r[3]), num(r[4]), entry.details }, '|')
  local id = append(log, meta, state, body, entry.minId)
  redis.call('HSET', rules, entry.digest, struct.pack('>I4I4I4I4', r[1], r[2], r[3], r[4]))
  return id
end
local function flagRestart(rules, log, meta, state, given)
  local held = ruleOf(rules, RESTART)
  local ends = math.min(math.floor(given.stampMs / 1000) + state.lifetime + ${ruleMarginSeconds}, ${forEver - 1})
  local rule = mergeRules(held, { ends, 0, nextStamp(held, given.stampMs), 0 })
  -- The end of an earlier restart must not end this one.
  if rule[3] <= rule[4] then rule = mergeRules(held, { ends, 0, rule[4] + 1, 0 }) end
  appendRule(rules, log, meta, state, { digest = RESTART, rule = rule, now = given.now, minId = given.minId, details = '${restartDetails}' })
  return rule[3]
end
-- Ends the restart that has this stamp, and no other: a later one has a later stamp.
local function endRestart(rules, log, meta, state, given, stamp)
  local restart = ruleOf(rules, RESTART)
  if restart[3] <= restart[4] or num(restart[3]) ~= stamp then return false end
  local ended = mergeRules(restart, { 0, 0, 0, restart[3] })
  appendRule(rules, log, meta, state, { digest = RESTART, rule = ended, now = given.now, minId = given.minId, details = '${restartDetails}' })
  return true
end
${continuity}
-- A log that begins empty says so in its first entry, unless it is declared: a new log and a lost log look the same.
local function openLog(rules, log, meta, given)
  local m = redis.call('HMGET', meta, 'epoch', 'head', 'seq', 'healUntil', 'maxTokenLifetime', 'skew', 'identity', 'gapUntil', 'gapId')
  if m[1] then return { epoch = m[1], head = m[2], seq = tonumber(m[3]), healUntil = tonumber(m[4]), lifetime = tonumber(m[5]),
    skew = tonumber(m[6] or '${unstatedCutoffSkewSeconds}'), identity = m[7] or '', keepFrom = keepFrom(given, m[8], m[9]) } end
  local state = { epoch = given.epoch, head = string.sub(redis.sha1hex(given.epoch), 1, 16), seq = 0,
    healUntil = given.now + ${healingMs}, lifetime = tonumber(given.lifetime), skew = ${cutoffSkewSeconds}, identity = '' }
  if not given.declared then flagRestart(rules, log, meta, state, given) end
  redis.call('HSET', meta, 'format', 1, 'epoch', state.epoch, 'head', state.head, 'seq', num(state.seq),
    'bornAt', num(given.now), 'healUntil', num(state.healUntil), 'beats', '0', 'maxTokenLifetime', given.lifetime, 'skew', '${cutoffSkewSeconds}', 'minReader', 1)
  return state
end
`;
