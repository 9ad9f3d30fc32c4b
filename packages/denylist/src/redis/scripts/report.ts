import { clocks } from './clocks.ts';
import { script } from './script.ts';

/** How long the line of a reader is kept after its last report. */
const lineRetentionMs = 86_400_000;
/** The format of such a line. */
export const lineVersion = '1';

/**
 * report-2: stores up to which entry a reader and its replicas have applied the log, with the time of Redis. Deletes
 * lines older than a day, while the clock of the reader agrees: a clock that steps ahead must not forget living readers.
 *
 * KEYS replicas · ARGV reader · epoch|head|cursor|replicas · wall clock of the reader (ms) · Returns now in ms.
 */
export const reportScript = script(
  'report',
  1,
  `${clocks}
local now = nowMs()
local stamp = num(now)
if agreedNow(now, tonumber(ARGV[3]), '', '') and redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
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
