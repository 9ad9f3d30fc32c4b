// The identity of a log, which outlives its epochs: any sidecar that remembers it brings it back after a loss. It is drawn
// only where no restart is kept, not even one that has ended: a log that began empty may have had an identity, and a
// sidecar that was cut off since would take the log for another one, and write nothing back.
export const identity = `
local function nameLog(rules, meta, state, given, remembered)
  if state.identity ~= '' then return end
  if remembered ~= '' then state.identity = remembered
  elseif given.isHolder and ruleOf(rules, RESTART)[3] == 0 and state.epoch ~= given.epoch then state.identity = given.epoch
  else return end
  redis.call('HSET', meta, 'identity', state.identity)
end
`;
