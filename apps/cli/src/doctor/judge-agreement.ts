import { backdatingSeconds, unstatedCutoffSkewSeconds } from '@revocast/denylist/replica';
import { type Check, declareCheck } from './check.ts';
import type { IssuerFacts } from './look-at-issuer.ts';
import type { LogFacts } from './look-at-log.ts';

const lifetime = declareCheck(
  'agreement.max_token_lifetime',
  'verifiers that accept no token longer than the log keeps its rules',
  'lower maxTokenLifetimeMs of the verifiers to what was found for the log; until then they answer 503 to longer tokens that are not revoked',
);
const history = declareCheck(
  'agreement.same_log',
  'a sidecar that follows this log',
  'compare the source of the sidecar with --source: its API processes do not receive the revocations of this log',
);
const trust = declareCheck(
  'agreement.trusted_issuer',
  'an API process that trusts this issuer',
  'give --issuer, the verifiers and each revocation exactly the iss of the tokens, with or without a slash at its end: a revocation for another issuer changes nothing',
);
const clocks = declareCheck(
  'agreement.issuer_clock',
  'an issuer no further ahead of the log than the log adds to a cutoff',
  'run NTP on the issuer and on Redis: the iat of a token issued before a cutoff would be later than the cutoff',
);

export interface Parties {
  readonly log?: LogFacts;
  readonly sidecar?: LogFacts;
  readonly issuer?: IssuerFacts;
  /** The configured value of the verifiers. */
  readonly maxTokenLifetimeMs: number;
}

/** Checks that need the facts of two parts. */
export function judgeAgreement({ log, sidecar, issuer, maxTokenLifetimeMs }: Parties): Check[] {
  const checks: Check[] = [];
  const position = log?.position ?? sidecar?.position;
  if (position !== undefined) {
    // As the verifiers: some issuers date tokens back, which makes exp - iat longer than the token lives.
    const keptSeconds = position.maxTokenLifetimeSeconds + backdatingSeconds;
    const verifierSeconds = maxTokenLifetimeMs / 1000;
    const found = `log ${keptSeconds} s, verifiers ${verifierSeconds} s`;
    checks.push(lifetime(verifierSeconds > keptSeconds ? 'fail' : 'ok', found));
  }
  if (log !== undefined && sidecar !== undefined) checks.push(judgeHistory(log, sidecar));
  const answers = [log, sidecar].map((facts) => facts?.issuerTrustedBy);
  // Unknown, as before the first process: another check says that no process follows.
  if (answers.includes('some')) checks.push(trust('ok', 'at least one trusts it'));
  else if (answers.includes('none')) checks.push(trust('fail', 'none trusts it'));
  const issuerOffsetMs = issuer?.discovery?.clockOffsetMs;
  const logOffsetMs = log?.clockOffsetMs ?? sidecar?.clockOffsetMs;
  if (issuerOffsetMs !== undefined && logOffsetMs !== undefined) {
    const aheadMs = issuerOffsetMs - logOffsetMs;
    const skewSeconds = position?.cutoffSkewSeconds ?? unstatedCutoffSkewSeconds;
    const found = `${Math.abs(aheadMs / 1000).toFixed(1)} s ${aheadMs < 0 ? 'behind' : 'ahead of'} the log, which adds ${skewSeconds} s`;
    checks.push(clocks(aheadMs > skewSeconds * 1000 ? 'fail' : 'ok', found));
  }
  return checks;
}

function judgeHistory({ position: log }: LogFacts, { position: sidecar }: LogFacts): Check {
  if (log === undefined || sidecar === undefined) return history('unknown', 'no epoch from the log or the sidecar');
  return history(log.epoch === sidecar.epoch ? 'ok' : 'fail', `log ${log.epoch}, sidecar ${sidecar.epoch}`);
}
