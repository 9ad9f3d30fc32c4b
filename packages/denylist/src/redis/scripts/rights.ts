import { script } from './script.ts';

/**
 * rights-5: whether this user may call the commands that a sidecar writes with, tried with arguments that change nothing.
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
-- Lua 5.4 has no global unpack.
local unpack = unpack or table.unpack
local answers = {}
for _, attempt in ipairs(attempts) do
  local reply = redis.pcall(unpack(attempt))
  answers[#answers + 1] = attempt[1]
  answers[#answers + 1] = type(reply) == 'table' and reply.err or ''
end
return answers
`,
);
