import { createHash } from 'node:crypto';
import { eventVersion } from '../codec/event.ts';
import { broadWindowMs } from '../log/broad-rules.ts';
import { digestToBytes } from '../rules/digest.ts';
import type { RevocationDetails } from '../rules/event.ts';
import { restartDigest } from '../rules/log-restart.ts';
import {
  cutoffSkewSeconds,
  forEver,
  forgetAfterSeconds,
  maxCutoffAheadSeconds,
  ruleMarginSeconds,
  stampCeiling,
} from '../rules/rule.ts';

/** A Lua script with its name and its number of keys. `sha` is the argument of EVALSHA. */
export interface RedisScript {
  readonly name: string;
  readonly keyCount: number;
  readonly source: string;
  readonly sha: string;
}

function script(name: string, keyCount: number, source: string): RedisScript {
  return { name, keyCount, source, sha: createHash('sha1').update(source).digest('hex') };
}

/** How long a log that began empty answers "unknown": in this time every sidecar writes back the rules that it holds. */
export const healingMs = 15_000;
/** How long an event id is kept. */
export const idRetentionMs = 86_400_000;

/** Between two heartbeats. A longer pause may be a failover or a restart. */
const longestPauseMs = 1500;

/** How long the line of a reader is kept after its last report. */
const lineRetentionMs = 86_400_000;
/** The format of such a line. */
export const lineVersion = '1';

/** As a Lua string: Lua has no literal for bytes. */
const restartField = [...digestToBytes(restartDigest)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('');
const restartDetails = JSON.stringify({ id: 'restart', kind: 'reseed' } satisfies RevocationDetails);

// Shared by all scripts that write. `now` is the log's clock in milliseconds. The epoch is an argument, used only when
// there is no log yet: inside a script, random numbers are the same after every restart.
const writing = `
local RESTART = "${restartField}"
local function nowMs()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
local function num(n) return string.format('%.0f', n) end
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
local function nextStamp(held, now)
  return math.min(math.max(math.floor(now / 1000), held[3], held[4] + 1), ${forEver})
end
local function append(log, meta, state, body, minId)
  local head = string.sub(redis.sha1hex(state.head .. body), 1, 16)
  local id = redis.call('XADD', log, 'MINID', '~', minId, '*', 'p', state.head, 'e', body)
  redis.call('HSET', meta, 'head', head, 'seq', num(state.seq + 1))
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
-- A log that begins empty says so in its first entry, unless it is declared: a new log and a lost log look the same.
local function openLog(rules, log, meta, given)
  local m = redis.call('HMGET', meta, 'epoch', 'head', 'seq', 'healUntil', 'maxTokenLifetime')
  if m[1] then return { epoch = m[1], head = m[2], seq = tonumber(m[3]), healUntil = tonumber(m[4]), lifetime = tonumber(m[5]) } end
  local state = { epoch = given.epoch, head = string.sub(redis.sha1hex(given.epoch), 1, 16), seq = 0,
    healUntil = given.now + ${healingMs}, lifetime = tonumber(given.lifetime) }
  if not given.declared then
    local held = ruleOf(rules, RESTART)
    local ends = math.min(math.floor(given.now / 1000) + state.lifetime + ${ruleMarginSeconds}, ${forEver - 1})
    local rule = mergeRules(held, { ends, 0, nextStamp(held, given.now), 0 })
    appendRule(rules, log, meta, state, { digest = RESTART, rule = rule, now = given.now, minId = given.minId, details = '${restartDetails}' })
  end
  redis.call('HSET', meta, 'format', 1, 'epoch', state.epoch, 'head', state.head, 'seq', num(state.seq),
    'healUntil', num(state.healUntil), 'maxTokenLifetime', given.lifetime, 'minReader', 1)
  return state
end
`;

/**
 * append-5: merges one statement into the rules and appends its event, in one atomic step.
 *
 * KEYS rules, log, meta, ids
 * ARGV epoch candidate · default longest token lifetime (s) · log retention (ms) · event id, empty for a re-seed ·
 *      digest (16 bytes) · kind: deny | cutoff | lift | seed · four numbers (see below) · details (JSON) ·
 *      broad revocations allowed in one window, empty for a request that is not counted ·
 *      what the event id stands for
 *      deny: until, or -1 for now + longest lifetime + margin · cutoff: issuedUpTo, or -1 for now + skew ·
 *      seed: deniedUntil, issuedUpTo, stamp, lifted
 * Returns { 'appended' | 'repeated' | 'unchanged', epoch, head, now in ms, stream id if appended },
 *      { 'too_many_broad_rules', ms to wait }, or { why the statement is refused }.
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
local nowS = math.floor(now / 1000)
local minId = num(now - tonumber(ARGV[3]))
local state = openLog(rules, log, meta, { epoch = ARGV[1], lifetime = ARGV[2], now = now, minId = minId })
if id ~= '' then
  local known = redis.call('ZSCORE', ids, id)
  if known and redis.call('ZSCORE', ids, id .. ' n') and not redis.call('ZSCORE', ids, id .. ' ' .. ARGV[13]) then return { 'id_conflict' } end
  if known then return { 'repeated', state.epoch, state.head, known } end
end
-- After the ids: a retry of what was applied succeeds whatever the clock says by then.
if kind == 'cutoff' and tonumber(ARGV[7]) > nowS + ${maxCutoffAheadSeconds} then return { 'cutoff_in_future' } end

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
  local ends = tonumber(ARGV[7])
  if ends < 0 then ends = math.min(nowS + state.lifetime + ${ruleMarginSeconds}, ${forEver - 1}) end
  stated = { ends, 0, nextStamp(held, now), 0 }
elseif kind == 'cutoff' then
  local issued = tonumber(ARGV[7])
  if issued < 0 then issued = nowS + ${cutoffSkewSeconds} end
  stated = { 0, issued, 0, 0 }
elseif kind == 'lift' then
  if held[3] >= ${stampCeiling} then return { 'stamp_beyond_bounds' } end
  local seen = held[3]
  if seen == 0 then seen = nowS end
  stated = { 0, 0, 0, seen }
else
  stated = { tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]) }
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
  redis.call('ZREMRANGEBYSCORE', ids, '-inf', num(now - ${idRetentionMs}))
end
return { 'appended', state.epoch, state.head, num(now), entry }
`,
);

/**
 * heartbeat-5: takes or renews the lease and, as its holder, writes a heartbeat. A heartbeat is a *write*, because a
 * primary that was cut off still answers reads. `steadySince` is the time of the first heartbeat after the last long pause.
 *
 * A lease that ends later than this holder's would was dated by the faster clock of a primary that is gone: it is free.
 * PTTL may be forbidden by rights that were granted for an earlier version; then every lease counts.
 *
 * KEYS lease, log, meta, rules
 * ARGV epoch candidate · default longest token lifetime (s) · log retention (ms) · holder · lease time (ms) ·
 *      1 to write one heartbeat without the lease, else 0
 * Returns { 'written' | 'held', now in ms }; `held` when another process has the lease.
 */
export const heartbeatScript = script(
  'heartbeat',
  4,
  `${writing}
local lease, log, meta, rules = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local holder = redis.call('GET', lease)
local now = nowMs()
local held = holder and holder ~= ARGV[4]
if held then
  local left = redis.pcall('PTTL', lease)
  if type(left) == 'number' and left > tonumber(ARGV[5]) then held = false end
end
if held and ARGV[6] ~= '1' then return { 'held', num(now) } end
if not held then redis.call('SET', lease, ARGV[4], 'PX', ARGV[5]) end
local minId = num(now - tonumber(ARGV[3]))
local state = openLog(rules, log, meta, { epoch = ARGV[1], lifetime = ARGV[2], now = now, minId = minId })
local healing = '0'
if now < state.healUntil then healing = '1' end
local before = redis.call('HMGET', meta, 'hbAt', 'steadySince')
local steadySince = tonumber(before[2])
local pause = before[1] and now - tonumber(before[1]) or 0
if not steadySince or pause < 0 or pause > ${longestPauseMs} then steadySince = now end
local body = table.concat({ '${eventVersion}', 'h', num(state.seq + 1), num(now), healing }, '|')
append(log, meta, state, body, minId)
redis.call('HSET', meta, 'hbAt', num(now), 'steadySince', num(steadySince))
if held then return { 'held', num(now) } end
return { 'written', num(now) }
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

/**
 * position-2: the end of the log, read in one atomic step so that head and last id belong together.
 *
 * KEYS meta, log
 * Returns { now in ms, epoch, head, healUntil, maxTokenLifetime, minReader, last id }; epoch false when there is no log.
 */
export const positionScript = script(
  'position',
  2,
  `local t = redis.call('TIME')
local now = string.format('%.0f', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000))
local m = redis.call('HMGET', KEYS[1], 'epoch', 'head', 'healUntil', 'maxTokenLifetime', 'minReader')
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
local id = '0-0'
if last[1] then id = last[1][1] end
return { now, m[1], m[2], m[3], m[4], m[5], id }
`,
);

/**
 * declare-4: declares a first log, or one in recovery, complete, and ends a restart that is in force. For an operator
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
if known == 1 and now >= state.healUntil and not restarted then return { 'whole', state.epoch } end
if known == 0 or now < state.healUntil then redis.call('HSET', meta, 'healUntil', num(now)) end
if known == 1 then return { 'healed', state.epoch } end
redis.call('HSET', meta, 'steadySince', '0')
return { 'created', state.epoch }
`,
);

/**
 * end-restart-3: ends the restart that has this stamp, and no other: a later one has a later stamp.
 *
 * KEYS rules, log, meta · ARGV epoch candidate · longest token lifetime (s) · log retention (ms) · stamp
 * Returns 1 when it was ended now, else 0.
 */
export const endRestartScript = script(
  'end-restart',
  3,
  `${writing}
local rules, log, meta = KEYS[1], KEYS[2], KEYS[3]
local now = nowMs()
local minId = num(now - tonumber(ARGV[3]))
local state = openLog(rules, log, meta, { epoch = ARGV[1], lifetime = ARGV[2], now = now, minId = minId })
local restart = ruleOf(rules, RESTART)
if restart[3] <= restart[4] or num(restart[3]) ~= ARGV[4] then return 0 end
local ended = mergeRules(restart, { 0, 0, 0, restart[3] })
appendRule(rules, log, meta, state, { digest = RESTART, rule = ended, now = now, minId = minId, details = '${restartDetails}' })
return 1
`,
);

/**
 * report-1: stores up to which entry a reader and its replicas have applied the log, with the time of Redis. Deletes
 * lines older than a day.
 *
 * KEYS replicas · ARGV reader · epoch|head|cursor|replicas · Returns now in ms.
 */
export const reportScript = script(
  'report',
  1,
  `local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local stamp = string.format('%.0f', now)
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  local reader
  for index, line in ipairs(redis.call('HGETALL', KEYS[1])) do
    if index % 2 == 1 then reader = line
    elseif now - (tonumber(string.match(line, '^${lineVersion}|(%d+)|')) or now) > ${lineRetentionMs} then redis.call('HDEL', KEYS[1], reader) end
  end
end
redis.call('HSET', KEYS[1], ARGV[1], '${lineVersion}|' .. stamp .. '|' .. ARGV[2])
return stamp
`,
);

/**
 * prune-2: deletes those of the named rules that have ended by the clock of Redis.
 *
 * KEYS rules, meta · ARGV digests (16 bytes each) · Returns how many were deleted.
 */
export const pruneScript = script(
  'prune',
  2,
  `local nowS = tonumber(redis.call('TIME')[1])
local lifetime = tonumber(redis.call('HGET', KEYS[2], 'maxTokenLifetime') or '${forEver}')
local gone = 0
for _, digest in ipairs(ARGV) do
  local held = redis.call('HGET', KEYS[1], digest)
  if held then
    local D, I, S, L = struct.unpack('>I4I4I4I4', held)
    local forever = D == ${forEver} or (L > 0 and (D == 0 or S > L))
    local cutoffEnd = 0
    if I > 0 then cutoffEnd = I + lifetime + ${ruleMarginSeconds} end
    if not forever and math.max(D, cutoffEnd) + ${forgetAfterSeconds} <= nowS then gone = gone + redis.call('HDEL', KEYS[1], digest) end
  end
end
return gone
`,
);

/**
 * rights-4: whether this user may call the commands that a sidecar writes with, tried with arguments that change nothing.
 *
 * KEYS rules, log, ids, lease · Returns pairs of command and error text; the text is empty when the command is allowed.
 */
export const rightsScript = script(
  'rights',
  4,
  `local rules, log, ids, lease = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local attempts = {
  { 'HSET', rules, 'a', 'b', 'odd' },
  { 'HDEL', rules, '' },
  { 'XADD', log, '0-0', 'e', '' },
  { 'ZADD', ids, 'XX', 0, '' },
  { 'ZREMRANGEBYSCORE', ids, '(0', '(0' },
  { 'SET', lease, '', 'NX', 'XX' },
}
local answers = {}
for _, attempt in ipairs(attempts) do
  local reply = redis.pcall(unpack(attempt))
  answers[#answers + 1] = attempt[1]
  answers[#answers + 1] = type(reply) == 'table' and reply.err or ''
end
return answers
`,
);
