import { type Check, declareCheck } from './check.ts';
import type { Discovery, IssuerFacts, KeysStatus } from './look-at-issuer.ts';

const unreachableFix =
  'check the URL, the name resolution, the outgoing network policy and the TLS certificate of the issuer';
const reachable = declareCheck('issuer.reachable', 'an answer with metadata', unreachableFix);
const exact = declareCheck(
  'issuer.exact',
  'metadata with exactly this issuer',
  'configure the issuer exactly as found, because tokens carry it in this form: a trailing slash makes a different issuer',
);
const keySet = declareCheck(
  'issuer.keys',
  'at least one key for verifying access tokens',
  'check the key set: usable are public signature keys of RSA (2048 bits or more), EC and Ed25519',
);
const clock = declareCheck(
  'issuer.clock',
  'within 2 s of this clock',
  'run NTP on both machines: beyond clockToleranceMs (5 s) valid tokens are rejected as not yet valid or expired',
);
const slightOffsetMs = 2000;
const largestOffsetMs = 5000;

/** Whether this machine can verify tokens of the issuer. */
export function judgeIssuer({ issuer, discovery, keys }: IssuerFacts): Check[] {
  return [...(discovery === undefined ? [] : judgeDiscovery(issuer, discovery)), judgeKeys(keys)];
}

function judgeDiscovery(issuer: string, discovery: Discovery): Check[] {
  const { answered, failure, claimedIssuer, clockOffsetMs } = discovery;
  if (!answered) return [reachable('unreachable', failure ?? 'no answer')];
  if (claimedIssuer === undefined) return [reachable('fail', failure ?? 'no metadata'), judgeClock(clockOffsetMs)];
  return [
    reachable('ok', 'metadata found'),
    exact(claimedIssuer === issuer ? 'ok' : 'fail', claimedIssuer.slice(0, 200)),
    judgeClock(clockOffsetMs),
  ];
}

function judgeKeys({ keys, skipped, lastError }: KeysStatus): Check {
  const causes = Object.entries(skipped).filter(([, count]) => count > 0);
  const others =
    causes.length === 0 ? '' : `; not used: ${causes.map(([cause, count]) => `${count} ${cause}`).join(', ')}`;
  if (keys > 0) return keySet('ok', `${keys} usable${others}`);
  const { code } = lastError ?? { code: 'not loaded' };
  // `issuer.exact` reports this fault already.
  if (code === 'issuer_mismatch') return keySet('unknown', 'not loaded: the metadata names another issuer');
  if (code === 'network' || code === 'timeout') return keySet('unreachable', `none (${code})${others}`, unreachableFix);
  return keySet('fail', `none (${code})${others}`);
}

function judgeClock(clockOffsetMs: number | undefined): Check {
  if (clockOffsetMs === undefined) return clock('unknown', 'the answer has no Date header');
  const offsetMs = Math.abs(clockOffsetMs);
  const status = offsetMs > largestOffsetMs ? 'fail' : offsetMs > slightOffsetMs ? 'warn' : 'ok';
  return clock(status, `${(clockOffsetMs / 1000).toFixed(1)} s from this clock`);
}
