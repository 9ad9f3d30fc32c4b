import { healingBeats } from '../../log/healing.ts';
import {
  agreementMs,
  type ClockReadings,
  holderReadingLeadMs,
  holderReadingLifetimeMs,
} from '../../rules/agreed-now.ts';

// The log's clock, and the time that log, writer and lease holder agree on. The arithmetic is that of agreed-now.ts; a test
// compares both. The lease holder stores its reading in `meta` as `clock`: log ms | wall ms | boot id.
export const clocks = `
local function nowMs()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
local function num(n) return string.format('%.0f', n) end
-- As isHealing in healing.ts.
local function isHealing(now, healUntil, beats, beatAt, ownBeatAt)
  return now < tonumber(healUntil) or (beats and beatAt == ownBeatAt and tonumber(beats) < ${healingBeats}) or false
end
-- Returns the agreed time, or nil, then the earliest and the latest clock.
local function agreedNow(now, writer, boot, stored)
  local clocks = { now }
  if writer then table.insert(clocks, writer) end
  local storedAt, holder, holderBoot = string.match(stored or '', '^(%d+)|(%d+)|(.*)$')
  if storedAt then
    local age = now - tonumber(storedAt)
    local independent = not writer or (boot ~= '' and holderBoot ~= '' and boot ~= holderBoot)
    if independent and age >= -${holderReadingLeadMs} and age <= ${holderReadingLifetimeMs} then table.insert(clocks, tonumber(holder) + age) end
  end
  table.sort(clocks)
  local middle = math.floor(#clocks / 2) + 1
  local agreed = clocks[middle]
  local function isShared(other) return other and math.abs(other - agreed) <= ${agreementMs} end
  if #clocks > 1 and not isShared(clocks[middle - 1]) and not isShared(clocks[middle + 1]) then agreed = nil end
  return agreed, clocks[1], clocks[#clocks]
end
`;

/** What the lease holder stored in `meta` as `clock`; undefined when there is none. */
export type StoredClock = NonNullable<ClockReadings['leaseHolder']>;

export function parseStoredClock(text: string): StoredClock | undefined {
  const [, logMs, wallMs, bootId = ''] = /^(\d+)\|(\d+)\|(.*)$/.exec(text) ?? [];
  return logMs === undefined ? undefined : { logMs: Number(logMs), wallMs: Number(wallMs), bootId };
}
