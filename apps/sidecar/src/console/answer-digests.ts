import { digestFromHex, type Replica } from '@revocast/denylist/replica';
import { describeRule } from './describe-rule.ts';

/** Enough for every dimension under every claim name that we know; it bounds the work of a request. */
export const maxDigests = 64;

export interface HeldRule {
  /** 32 hex digits, as asked. */
  readonly digest: string;
  readonly deniesAll: boolean;
  readonly issuedUpTo: number;
  readonly words: readonly string[];
}

/** What `/console/digests` answers. The page alone knows `iat`, and decides by it whether a cutoff applies. */
export interface DigestsAnswer {
  readonly nowSeconds: number;
  readonly state: 'cold' | 'fresh' | 'stale';
  readonly cause?: string;
  /** As the log has it; absent while not known. */
  readonly maxTokenLifetimeSeconds?: number;
  /** One for each digest asked for under which a rule is held. */
  readonly rules: readonly HeldRule[];
}

/** @returns a sentence when the question cannot be read. */
export function answerDigests(
  asked: readonly string[],
  replica: Pick<Replica, 'denylist' | 'logClock' | 'status'>,
): DigestsAnswer | string {
  if (asked.length === 0 || asked.length > maxDigests) return `ask for 1 to ${maxDigests} digests: ?d=…&d=…`;
  const digests = new Map(asked.map((hex) => [hex, digestFromHex(hex)]));
  const { freshness, maxTokenLifetimeSeconds } = replica.status();
  const nowSeconds = replica.logClock.claimSeconds();
  const rules: HeldRule[] = [];
  for (const [hex, digest] of digests) {
    if (digest === undefined) return 'expected digests of 32 lower-case hex digits';
    const rule = replica.denylist.get(digest);
    if (rule !== undefined) rules.push({ digest: hex, ...describeRule(rule, nowSeconds) });
  }
  return {
    nowSeconds,
    state: freshness.state,
    cause: freshness.cause,
    maxTokenLifetimeSeconds,
    rules,
  };
}
