import { cutoffSkewSeconds } from '@revocast/denylist/replica';
import { type Check, hidden, ill, type Question, well } from './check.ts';
import type { IssuerFacts } from './look-at-issuer.ts';
import type { LogFacts } from './look-at-log.ts';

const lifetime: Question = {
  name: 'agreement.max_token_lifetime',
  expected: 'verifiers that accept no token longer than the log keeps its rules for',
  remedy:
    'lower maxTokenLifetimeMs of the verifiers to the value of the log; until then they answer 503 to every token',
};
const history: Question = {
  name: 'agreement.same_log',
  expected: 'a sidecar that follows this log',
  remedy:
    'compare the source of the sidecar with the one named here: its API processes do not see what is revoked here',
};
const clocks: Question = {
  name: 'agreement.issuer_clock',
  expected: 'an issuer at most 2 s ahead of the log',
  remedy:
    'run NTP on the issuer and on Redis: a token issued just before a cutoff would carry a later iat, and survive',
};

export interface Parties {
  readonly log?: LogFacts;
  readonly sidecar?: LogFacts;
  readonly issuer?: IssuerFacts;
  /** Of the verifiers, as they are configured. */
  readonly maxTokenLifetimeMs: number;
}

/** What each finds right by itself and only two together can have wrong. */
export function judgeAgreement({ log, sidecar, issuer, maxTokenLifetimeMs }: Parties): Check[] {
  const checks: Check[] = [];
  if (log?.position !== undefined) checks.push(judgeLifetime(log.position.maxTokenLifetimeSeconds, maxTokenLifetimeMs));
  else if (sidecar?.position !== undefined) {
    checks.push(judgeLifetime(sidecar.position.maxTokenLifetimeSeconds, maxTokenLifetimeMs));
  }
  if (log !== undefined && sidecar !== undefined) checks.push(judgeHistory(log, sidecar));
  const issuerOffsetMs = issuer?.discovery?.clockOffsetMs;
  const logOffsetMs = log?.clockOffsetMs ?? sidecar?.clockOffsetMs;
  if (issuerOffsetMs !== undefined && logOffsetMs !== undefined) checks.push(judgeClocks(issuerOffsetMs - logOffsetMs));
  return checks;
}

function judgeLifetime(logSeconds: number, maxTokenLifetimeMs: number): Check {
  const verifierSeconds = maxTokenLifetimeMs / 1000;
  const found = `log ${logSeconds} s, verifiers ${verifierSeconds} s`;
  return verifierSeconds > logSeconds ? ill(lifetime, 'fail', found) : well(lifetime, found);
}

function judgeHistory({ position: log }: LogFacts, { position: sidecar }: LogFacts): Check {
  if (log === undefined || sidecar === undefined) return hidden(history, 'one of the two does not say');
  const found = `log ${log.epoch}, sidecar ${sidecar.epoch}`;
  return log.epoch === sidecar.epoch ? well(history, found) : ill(history, 'fail', found);
}

function judgeClocks(aheadMs: number): Check {
  const found = `${Math.abs(aheadMs / 1000).toFixed(1)} s ${aheadMs < 0 ? 'behind' : 'ahead of'} the log`;
  return aheadMs > cutoffSkewSeconds * 1000 ? ill(clocks, 'fail', found) : well(clocks, found);
}
