import { ruleBytes } from '../../codec/rows.ts';
import { script } from './script.ts';

const digestBytes = 16;

/**
 * page-1: one page of `HSCAN` over the rules, as one text. As an array of two texts for each rule, a reader would make two
 * million objects for a million rules. A field that another program wrote must not shift the rows after it, so it is left out.
 *
 * KEYS rules · ARGV cursor, about how many rules · Returns the next cursor and the rows (digest and rule, in turn).
 */
export const pageScript = script(
  'page',
  1,
  `local page = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local found = page[2]
local rows = {}
for index = 1, #found, 2 do
  if #found[index] == ${digestBytes} and #found[index + 1] == ${ruleBytes} then
    rows[#rows + 1] = found[index]
    rows[#rows + 1] = found[index + 1]
  end
end
return {page[1], table.concat(rows)}
`,
);
