import { type Check, hidden, ill, type Question, silent, well } from './check.ts';
import type { Discovery, IssuerFacts, KeysStatus } from './look-at-issuer.ts';

const reachable: Question = {
  name: 'issuer.reachable',
  expected: 'an answer with metadata',
  remedy: 'check the address, name resolution and the way out of this network; TLS is checked by the rules of Node',
};
const exact: Question = {
  name: 'issuer.exact',
  expected: 'metadata that names this issuer, character by character',
  remedy: 'configure the issuer exactly as found, as the tokens carry it too: a slash more or less is another issuer',
};
const keySet: Question = {
  name: 'issuer.keys',
  expected: 'at least one key that may verify access tokens',
  remedy: 'see what the key set holds: public RSA keys of 2048 bits and more, or EC or Ed25519 keys, for signatures',
};
const clock: Question = {
  name: 'issuer.clock',
  expected: 'within 2 s of this clock',
  remedy:
    'run NTP on both machines: beyond clockToleranceMs (5 s) good tokens are refused as not yet valid, or expired',
};
const slightOffsetMs = 2000;
const largestOffsetMs = 5000;

/** Whether tokens of this issuer could be verified here. */
export function judgeIssuer({ issuer, discovery, keys }: IssuerFacts): Check[] {
  return [...(discovery === undefined ? [] : judgeDiscovery(issuer, discovery)), judgeKeys(keys)];
}

function judgeDiscovery(issuer: string, discovery: Discovery): Check[] {
  const { answered, failure, claimedIssuer, clockOffsetMs } = discovery;
  if (!answered) return [silent(reachable, failure ?? 'no answer')];
  if (claimedIssuer === undefined) return [ill(reachable, 'fail', failure ?? 'no metadata'), judgeClock(clockOffsetMs)];
  return [
    well(reachable, 'metadata found'),
    claimedIssuer === issuer ? well(exact, claimedIssuer) : ill(exact, 'fail', claimedIssuer.slice(0, 200)),
    judgeClock(clockOffsetMs),
  ];
}

function judgeKeys({ keys, skipped, lastError }: KeysStatus): Check {
  const causes = Object.entries(skipped).filter(([, count]) => count > 0);
  const others =
    causes.length === 0 ? '' : `; not used: ${causes.map(([cause, count]) => `${count} ${cause}`).join(', ')}`;
  if (keys > 0) return well(keySet, `${keys} usable${others}`);
  const { code } = lastError ?? { code: 'not loaded' };
  // Named by the check before: saying it twice would send people after two faults.
  if (code === 'issuer_mismatch') return hidden(keySet, 'not loaded: the metadata are those of another issuer');
  if (code === 'network' || code === 'timeout') return silent(keySet, `none (${code})`);
  return ill(keySet, 'fail', `none (${code})${others}`);
}

function judgeClock(clockOffsetMs: number | undefined): Check {
  if (clockOffsetMs === undefined) return hidden(clock, 'the answer carried no Date');
  const found = `${(clockOffsetMs / 1000).toFixed(1)} s from this clock`;
  const offsetMs = Math.abs(clockOffsetMs);
  if (offsetMs > largestOffsetMs) return ill(clock, 'fail', found);
  return offsetMs > slightOffsetMs ? ill(clock, 'warn', found) : well(clock, found);
}
