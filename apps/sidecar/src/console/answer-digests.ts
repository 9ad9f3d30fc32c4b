import { digestFromHex, type Replica } from '@revocast/denylist/replica';
import { describeRule, type RuleMeaning } from './describe-rule.ts';
import type { AppliedRevocation, RevocationHistory } from './revocation-history.ts';

/** Enough for every dimension under every claim name of explain-token.js. It bounds the work of a request. */
export const maxDigests = 64;

interface HeldRule extends RuleMeaning {
  /** 32 hex digits, as in the request. */
  readonly digest: string;
  /** The last statement about the value. Absent when it is older than what this sidecar keeps, or came with a snapshot. */
  readonly stated?: Pick<AppliedRevocation, 'kind' | 'id' | 'loggedAtMs' | 'reason' | 'actor'>;
}

/** The answer of `/console/digests`. Only the page has the token, so it decides by `iat` whether a cutoff applies. */
export interface DigestsAnswer {
  readonly nowSeconds: number;
  readonly state: 'cold' | 'fresh' | 'stale';
  readonly cause?: string;
  /** The bound that is stored in the log. Absent until it was read. */
  readonly maxTokenLifetimeSeconds?: number;
  /** Log seconds at which the log began empty, while revocations stated before may be lost. */
  readonly restartedAtSeconds?: number;
  /** One for each requested digest that has a rule. */
  readonly rules: readonly HeldRule[];
}

/** @returns an error text if the request is invalid. */
export function answerDigests(
  asked: readonly string[],
  replica: Pick<Replica, 'denylist' | 'logClock' | 'status'>,
  history: Pick<RevocationHistory, 'last'>,
): DigestsAnswer | string {
  if (asked.length === 0 || asked.length > maxDigests)
    return `expected 1 to ${maxDigests} digests (?d=…&d=…), found ${asked.length}`;
  const digests = new Map(asked.map((hex) => [hex, digestFromHex(hex)]));
  const { freshness, maxTokenLifetimeSeconds, restartedAtSeconds } = replica.status();
  const nowSeconds = replica.logClock.claimSeconds();
  const rules: HeldRule[] = [];
  for (const [hex, digest] of digests) {
    if (digest === undefined) return 'expected digests of 32 lower-case hex digits';
    const rule = replica.denylist.get(digest);
    if (rule !== undefined)
      rules.push({ digest: hex, ...describeRule(rule, nowSeconds), stated: statedOf(hex, history) });
  }
  const { state, cause } = freshness;
  return { nowSeconds, state, cause, maxTokenLifetimeSeconds, restartedAtSeconds, rules };
}

function statedOf(hex: string, history: Pick<RevocationHistory, 'last'>): HeldRule['stated'] {
  const last = history.last(hex);
  if (last === undefined) return undefined;
  const { kind, id, loggedAtMs, reason, actor } = last;
  return { kind, id, loggedAtMs, reason, actor };
}
