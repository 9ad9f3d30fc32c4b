import { forEver, forgetAfterSeconds, ruleMarginSeconds } from '../../rules/rule.ts';
import { clocks } from './clocks.ts';
import { script } from './script.ts';

/**
 * prune-3: deletes those of the named rules that have ended by the clock of Redis and by the agreed time of the caller: a
 * clock that steps ahead must not delete rules of living tokens.
 *
 * KEYS rules, meta · ARGV agreed time (s) · digests (16 bytes each) · Returns how many were deleted.
 */
export const pruneScript = script(
  'prune',
  2,
  `${clocks}
local nowS = math.min(math.floor(nowMs() / 1000), tonumber(ARGV[1]))
local lifetime = tonumber(redis.call('HGET', KEYS[2], 'maxTokenLifetime') or '${forEver}')
local gone = 0
for index = 2, #ARGV do
  local digest = ARGV[index]
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
