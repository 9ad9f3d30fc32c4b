import { digestOf, digestSetOf, dimensions } from '@revocast/denylist/replica';
import type { Figure } from '../report/figure.ts';
import { loadFunction } from './built.ts';
import { timeNs } from './timing.ts';

const operations = 10_000;
const file = 'codec/event.js';

/** Measures the digests, once for each token, and the codec of events, once for each revocation in each process. */
export function codecFigures(passes: number): Figure[] {
  const [encode, decode] = [
    loadFunction('denylist', file, 'encodeRuleEvent'),
    loadFunction('denylist', file, 'decodeEvent'),
  ];
  const issuer = 'https://issuer.test';
  const change = {
    digest: digestOf({ dimension: 'session', issuer, value: 'session-1' }),
    rule: { deniedUntil: 1_900_000_000, issuedUpTo: 0, denialStamp: 1_800_000_000, liftedUpTo: 0 },
    loggedAtMs: 1_800_000_000_000,
    receivedAtMs: 1_800_000_000_001,
    details: { id: '0123456789abcdef0123456789abcdef', kind: 'revoke', dimension: 'session', reason: 'logout' },
  };
  const line = encode(1, change);
  if (decode(line) === undefined) throw new Error('expected an event that decodes');
  const repeat = (work: (index: number) => void) => () => {
    for (let index = 0; index < operations; index++) work(index);
  };
  const nine = (index: number) => dimensions.map((dimension) => ({ dimension, issuer, value: `value-${index}` }));
  return [
    {
      name: 'digests of the 9 dimensions of a token',
      unit: 'us',
      value: microseconds(timeNs({ operations, passes, pass: repeat((index) => digestSetOf(nine(index))) })),
    },
    { name: 'event: encode', unit: 'ns', value: timeNs({ operations, passes, pass: repeat(() => encode(1, change)) }) },
    { name: 'event: decode', unit: 'ns', value: timeNs({ operations, passes, pass: repeat(() => decode(line)) }) },
  ];
}

function microseconds({ median, spread, rounds }: Figure['value']): Figure['value'] {
  return { median: median / 1000, spread: spread / 1000, rounds };
}
