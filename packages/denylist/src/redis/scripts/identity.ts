// The identity of a log, which outlives its epochs: a sidecar that remembers it brings it back after a loss. Without such
// a sidecar it is drawn only where nothing may have been lost. Two candidates would make two logs of one.
export const identity = `
local function nameLog(rules, meta, state, given, remembered)
  if state.identity ~= '' then return end
  local restart = ruleOf(rules, RESTART)
  local isWhole = given.now >= state.healUntil and restart[3] <= restart[4]
  if remembered ~= '' then state.identity = remembered
  elseif isWhole and state.epoch ~= given.epoch then state.identity = given.epoch
  else return end
  redis.call('HSET', meta, 'identity', state.identity)
end
`;
