import type { Digest, Replica } from '@revocast/denylist/replica';
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
  const digests = new Map<string, Digest>();
  for (const hex of asked) {
    const digest = parseDigest(hex);
    if (digest === undefined) return 'a digest is 32 lower-case hex digits';
    digests.set(hex, digest);
  }
  const { freshness, maxTokenLifetimeSeconds } = replica.status();
  const nowSeconds = replica.logClock.claimSeconds();
  const rules = [...digests].flatMap(([hex, digest]) => {
    const rule = replica.denylist.get(digest);
    return rule === undefined ? [] : [{ digest: hex, ...describeRule(rule, nowSeconds) }];
  });
  return {
    nowSeconds,
    state: freshness.state,
    cause: freshness.cause,
    maxTokenLifetimeSeconds,
    rules,
  };
}

function parseDigest(hex: string): Digest | undefined {
  if (!/^[0-9a-f]{32}$/.test(hex)) return undefined;
  return Uint32Array.from({ length: 4 }, (_, word) => Number.parseInt(hex.slice(word * 8, word * 8 + 8), 16));
}
