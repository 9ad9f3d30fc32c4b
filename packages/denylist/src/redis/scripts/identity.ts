// The identity of a log, which outlives its epochs. A log that has a restart, be it ended, began empty and may have been lost:
// any sidecar that remembers its identity brings that back, because the holder of the lease may remember none or be of the last
// release. None is drawn for it: a sidecar that was cut off since would take it for another log, and write nothing back. A
// log without a restart may be another one, whose sidecars are of the last release: only the holder of the lease names it.
export const identity = `
local function nameLog(rules, meta, state, given, remembered)
  if state.identity ~= '' then return end
  local isLost = ruleOf(rules, RESTART)[3] > 0
  if remembered ~= '' and (isLost or given.isHolder) then state.identity = remembered
  elseif remembered == '' and not isLost and given.isHolder and state.epoch ~= given.epoch then state.identity = given.epoch
  else return end
  redis.call('HSET', meta, 'identity', state.identity)
end
`;
