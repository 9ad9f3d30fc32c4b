import { createHash } from 'node:crypto';
import { broadWindowMs } from '../broad-rules.ts';

/** A Lua script with its name and number of keys; `sha` is what EVALSHA wants. */
export interface RedisScript {
  readonly name: string;
  readonly keyCount: number;
  readonly source: string;
  readonly sha: string;
}

function script(name: string, keyCount: number, source: string): RedisScript {
  return { name, keyCount, source, sha: createHash('sha1').update(source).digest('hex') };
}

/** How long a log that began empty says neither yes nor no: time for every sidecar to give back what it holds. */
export const healingMs = 15_000;
/** How long an event id is remembered. */
export const idRetentionMs = 86_400_000;

// Shared by the writers. `now` is the log's clock in milliseconds. The epoch is an argument, used only when there is
// none: a number drawn inside the script would be the same after every restart.
const openLog = `
local function nowMs()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
local function num(n) return string.format('%.0f', n) end
local function openLog(meta, candidate, lifetime, now)
  local m = redis.call('HMGET', meta, 'epoch', 'head', 'seq', 'healUntil', 'maxTokenLifetime')
  if m[1] then return { epoch = m[1], head = m[2], seq = tonumber(m[3]), healUntil = tonumber(m[4]), lifetime = tonumber(m[5]) } end
  local head = string.sub(redis.sha1hex(candidate), 1, 16)
  redis.call('HSET', meta, 'format', 1, 'epoch', candidate, 'head', head, 'seq', 0, 'healUntil', num(now + ${healingMs}),
    'maxTokenLifetime', lifetime, 'minReader', 1)
  return { epoch = candidate, head = head, seq = 0, healUntil = now + ${healingMs}, lifetime = tonumber(lifetime) }
end
local function append(log, meta, state, body, minId)
  local head = string.sub(redis.sha1hex(state.head .. body), 1, 16)
  local id = redis.call('XADD', log, 'MINID', '~', minId, '*', 'p', state.head, 'e', body)
  redis.call('HSET', meta, 'head', head, 'seq', num(state.seq + 1))
  return head, id
end
`;

/**
 * append-4: merges one statement into the rules and appends its event, atomically.
 *
 * KEYS rules, log, meta, ids
 * ARGV epoch candidate · default longest token lifetime (s) · log retention (ms) · event id, empty for a re-seed ·
 *      digest (16 bytes) · kind: deny | cutoff | lift | seed · four numbers (see below) · details (JSON) ·
 *      broad revocations that a window may hold, empty for what is not counted
 *      deny: until, or -1 for now + longest lifetime + margin · cutoff: issuedUpTo, or -1 for now + skew ·
 *      seed: deniedUntil, issuedUpTo, stamp, lifted
 * Returns { 'appended' | 'repeated' | 'unchanged' | 'cutoff_in_future', epoch, head, now in ms, stream id if appended },
 *      or { 'too_many_broad_rules', ms to wait }.
 *
 * The arithmetic is that of statement.ts, rule.ts and broad-rules.ts, and a test runs both side by side.
 */
export const appendScript = script(
  'append',
  4,
  `${openLog}
local rules, log, meta, ids = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, digest, kind = ARGV[4], ARGV[5], ARGV[6]
local now = nowMs()
local nowS = math.floor(now / 1000)
if kind == 'cutoff' and tonumber(ARGV[7]) > nowS + 60 then return { 'cutoff_in_future', '', '', num(now) } end
local state = openLog(meta, ARGV[1], ARGV[2], now)
if id ~= '' then
  local known = redis.call('ZSCORE', ids, id)
  if known then return { 'repeated', state.epoch, state.head, known } end
end

local broadLimit, broadFrom, broadCount = tonumber(ARGV[12]), 0, 0
if broadLimit then
  local window = redis.call('HMGET', meta, 'broadFrom', 'broadCount')
  broadFrom, broadCount = tonumber(window[1] or '0'), tonumber(window[2] or '0')
  if now < broadFrom or now >= broadFrom + ${broadWindowMs} then broadFrom, broadCount = now, 0 end
  if broadCount >= broadLimit then return { 'too_many_broad_rules', num(broadFrom + ${broadWindowMs} - now) } end
end

local D, I, S, L = 0, 0, 0, 0
local held = redis.call('HGET', rules, digest)
if held then D, I, S, L = struct.unpack('>I4I4I4I4', held) end
local d, i, s, l = 0, 0, 0, 0
if kind == 'deny' then
  d = tonumber(ARGV[7])
  if d < 0 then d = math.min(nowS + state.lifetime + 300, 4294967294) end
  s = math.min(math.max(nowS, S, L + 1), 4294967295)
elseif kind == 'cutoff' then
  i = tonumber(ARGV[7])
  if i < 0 then i = nowS + 2 end
elseif kind == 'lift' then
  if S == 0 then l = nowS else l = S end
else
  d, i, s, l = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
end

local lifted = math.max(L, l)
local countsHeld, countsNew = S > lifted, s > lifted
local function tombstoneEnd(denied, stamp, seen)
  if seen > 0 and stamp > seen then return 4294967295 end
  return denied
end
local denied
if countsHeld and countsNew then denied = math.max(D, d)
elseif countsHeld then denied = D
elseif countsNew then denied = d
else denied = math.max(tombstoneEnd(D, S, L), tombstoneEnd(d, s, l)) end
local issued, stamp = math.max(I, i), math.max(S, s)
local changed = denied ~= D or issued ~= I or stamp ~= S or lifted ~= L
if kind == 'seed' and not changed then return { 'unchanged', state.epoch, state.head, num(now) } end

local hex = string.gsub(digest, '.', function(c) return string.format('%02x', string.byte(c)) end)
local body = table.concat({ '1', 'r', num(state.seq + 1), num(now), '', hex, num(denied), num(issued), num(stamp), num(lifted), ARGV[11] }, '|')
-- The first write: a script is not undone when a command in it fails, and all other keys have been read before.
local head, entry = append(log, meta, state, body, num(now - tonumber(ARGV[3])))
if broadLimit then redis.call('HSET', meta, 'broadFrom', num(broadFrom), 'broadCount', num(broadCount + 1)) end
if changed then redis.call('HSET', rules, digest, struct.pack('>I4I4I4I4', denied, issued, stamp, lifted)) end
if id ~= '' then
  redis.call('ZADD', ids, num(now), id)
  redis.call('ZREMRANGEBYSCORE', ids, '-inf', num(now - ${idRetentionMs}))
end
return { 'appended', state.epoch, head, num(now), entry }
`,
);

/**
 * heartbeat-3: takes or renews the lease and, as its holder, writes a heartbeat. A heartbeat is a *write*: an empty
 * read also "succeeds" on a primary that was cut off.
 *
 * KEYS lease, log, meta
 * ARGV epoch candidate · default longest token lifetime (s) · log retention (ms) · holder · lease time (ms) ·
 *      1 to write one heartbeat whoever has the lease, else 0
 * Returns { 'written' | 'held', now in ms }; `held` when somebody else has the lease, and keeps it.
 */
export const heartbeatScript = script(
  'heartbeat',
  3,
  `${openLog}
local lease, log, meta = KEYS[1], KEYS[2], KEYS[3]
local holder = redis.call('GET', lease)
local now = nowMs()
local held = holder and holder ~= ARGV[4]
if held and ARGV[6] ~= '1' then return { 'held', num(now) } end
if not held then redis.call('SET', lease, ARGV[4], 'PX', ARGV[5]) end
local state = openLog(meta, ARGV[1], ARGV[2], now)
local healing = '0'
if now < state.healUntil then healing = '1' end
local body = table.concat({ '1', 'h', num(state.seq + 1), num(now), healing }, '|')
append(log, meta, state, body, num(now - tonumber(ARGV[3])))
redis.call('HSET', meta, 'hbAt', num(now))
if held then return { 'held', num(now) } end
return { 'written', num(now) }
`,
);

/**
 * release-1: gives the lease back, if it is ours.
 *
 * KEYS lease · ARGV holder · Returns 1 when given back, else 0.
 */
export const releaseScript = script(
  'release',
  1,
  `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`,
);

/**
 * position-2: where the log stands, read in one step so that head and last id belong together.
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
 * declare-1: makes a first log, or one that is healing, whole at once. For an operator who knows that nothing was lost.
 *
 * KEYS meta · ARGV epoch candidate · longest token lifetime (s) · Returns { 'created' | 'healed' | 'whole', epoch }.
 */
export const declareScript = script(
  'declare',
  1,
  `${openLog}
local now = nowMs()
local known = redis.call('HEXISTS', KEYS[1], 'epoch')
local state = openLog(KEYS[1], ARGV[1], ARGV[2], now)
if known == 1 and now >= state.healUntil then return { 'whole', state.epoch } end
redis.call('HSET', KEYS[1], 'healUntil', num(now))
if known == 1 then return { 'healed', state.epoch } end
return { 'created', state.epoch }
`,
);

/**
 * report-1: a reader says how far it and its replicas are, dated by Redis. Lines older than a day are taken away.
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
    elseif now - (tonumber(string.match(line, '^1|(%d+)|')) or now) > 86400000 then redis.call('HDEL', KEYS[1], reader) end
  end
end
redis.call('HSET', KEYS[1], ARGV[1], '1|' .. stamp .. '|' .. ARGV[2])
return stamp
`,
);

/**
 * prune-2: deletes those of the named rules that time has ended, judged here and now.
 *
 * KEYS rules, meta · ARGV digests (16 bytes each) · Returns how many were deleted.
 */
export const pruneScript = script(
  'prune',
  2,
  `local nowS = tonumber(redis.call('TIME')[1])
local lifetime = tonumber(redis.call('HGET', KEYS[2], 'maxTokenLifetime') or '4294967295')
local gone = 0
for _, digest in ipairs(ARGV) do
  local held = redis.call('HGET', KEYS[1], digest)
  if held then
    local D, I, S, L = struct.unpack('>I4I4I4I4', held)
    local forever = D == 4294967295 or (L > 0 and (D == 0 or S > L))
    local cutoffEnd = 0
    if I > 0 then cutoffEnd = I + lifetime + 300 end
    if not forever and math.max(D, cutoffEnd) + 3600 <= nowS then gone = gone + redis.call('HDEL', KEYS[1], digest) end
  end
end
return gone
`,
);

/**
 * rights-4: whether this user may call what a sidecar writes with, tried with arguments that change nothing.
 *
 * KEYS rules, log, ids, lease · Returns pairs of command and error text, empty when it may.
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
