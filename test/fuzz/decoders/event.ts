import { decodeEvent, encodeRuleEvent } from '../../../packages/denylist/src/codec/event.ts';
import type { Decoder } from '../decoder.ts';
import { change } from './samples.ts';

/** A line of the log in Redis, and of the event stream of the last release. */
export const event: Decoder = {
  name: 'event',
  seeds: [
    encodeRuleEvent(12, change),
    encodeRuleEvent(13, { ...change, details: undefined }),
    '1|h|14|1800000000000|1',
  ].map((line) => Buffer.from(line)),
  format: 'binary',
  decode: (input) => decodeEvent(input.toString('utf8')),
};
