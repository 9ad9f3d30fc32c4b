/**
 * What is enforced for all revocations of one value. All four numbers are uint32 seconds.
 *
 * Rules form a join: {@link mergeRules} takes the larger of each number, so duplicates, replays, reordering and unions
 * of two histories are harmless.
 */
export interface Rule {
  /**
   * Claim seconds: every token that carries the value is denied until then. 0: none. {@link forEver}: a block.
   * In force only while `denialStamp > liftedUpTo`.
   */
  readonly deniedUntil: number;
  /** Claim seconds: tokens with `iat <= issuedUpTo` are denied. 0: none. */
  readonly issuedUpTo: number;
  /** Log seconds at which the newest denial was stated. */
  readonly denialStamp: number;
  /** The newest `denialStamp` that a lift has ended. */
  readonly liftedUpTo: number;
}

/** `deniedUntil` of a block. */
export const forEver = 0xffff_ffff;

/**
 * Stamps and lifts of the log's clock are below this number until 2105. A lift above it would end every later denial of its
 * value, so it is ignored wherever a rule is read.
 */
export const stampCeiling = 2 ** 32 - 2 ** 20;

/** A rule as it was stored or sent: without a lift that no clock can have stated. */
export function withoutImpossibleLift(rule: Rule): Rule {
  return rule.liftedUpTo < stampCeiling ? rule : { ...rule, liftedUpTo: 0 };
}

export const emptyRule: Rule = Object.freeze({ deniedUntil: 0, issuedUpTo: 0, denialStamp: 0, liftedUpTo: 0 });

/**
 * Seconds by which some issuers date their tokens back, so that a verifier whose clock is behind accepts them: `exp - iat` is
 * that much longer than the lifetime. A verifier may accept tokens that much longer than the log's longest lifetime.
 */
export const backdatingSeconds = 300;

/**
 * Seconds added to the end of every rule that ends with a token's own `exp`. They cover tokens that are dated back, the
 * verifier's clock tolerance, its allowance for a future `iat`, and the skew between issuer, log and verifier. A verifier
 * refuses a larger tolerance at construction.
 */
export const ruleMarginSeconds = 600;

/**
 * Seconds that a log adds to a cutoff of "now", for an issuer whose clock is ahead; and how far ahead `iat` may be at a
 * verifier. A user who logs in within these seconds after the revocation may have to log in once more. A log has one
 * number, and this is that of a new log.
 */
export const cutoffSkewSeconds = 5;

/** The same in a log that states no number: writers of the last release add as much. */
export const unstatedCutoffSkewSeconds = 2;

/** Seconds that an `issuedUpTo` may be ahead of the log's clock; beyond, it would deny future logins and is refused. */
export const maxCutoffAheadSeconds = 60;

/** Seconds that a rule is kept after its end, so that small clock differences never remove a rule that is in force. */
export const forgetAfterSeconds = 3600;

/** The longest lifetime (`exp - iat`) of an accepted token in seconds, unless the log states another one. */
export const defaultMaxTokenLifetimeSeconds = 86_400;

/**
 * The union of two rules of one value: the larger of each number, except that the end of a denial that a lift has ended
 * (`denialStamp <= liftedUpTo`) is not taken. Commutative and idempotent. A lift ends no denial stated after it.
 *
 * Not associative in one case: a later denial that is shorter than an earlier, lifted one. There some orders keep the
 * longer end, none a shorter one.
 */
export function mergeRules(a: Rule, b: Rule): Rule {
  return join(a, b, Math.max(a.liftedUpTo, b.liftedUpTo));
}

/**
 * The same, but with the lift of the feed: a process whose sidecar died may hold a lift that no other process has, and
 * would accept what all others reject.
 *
 * A denial that is held as lifted stays ended when the feed has neither the denial nor the lift: then the log lost both,
 * and only the feed's own denial is in force.
 */
export function mergeTakingLift(held: Rule, fromFeed: Rule): Rule {
  const endedHere = held.denialStamp <= held.liftedUpTo && held.denialStamp > fromFeed.liftedUpTo;
  const own = endedHere ? { ...emptyRule, issuedUpTo: held.issuedUpTo } : held;
  return join(own, fromFeed, fromFeed.liftedUpTo);
}

function join(a: Rule, b: Rule, liftedUpTo: number): Rule {
  const aInForce = a.denialStamp > liftedUpTo;
  const bInForce = b.denialStamp > liftedUpTo;
  return {
    deniedUntil:
      aInForce || bInForce
        ? Math.max(aInForce ? a.deniedUntil : 0, bInForce ? b.deniedUntil : 0)
        : Math.max(tombstoneEnd(a), tombstoneEnd(b)),
    issuedUpTo: Math.max(a.issuedUpTo, b.issuedUpTo),
    denialStamp: Math.max(a.denialStamp, b.denialStamp),
    liftedUpTo,
  };
}

/**
 * When no denial is in force, the end of the lifted one is kept: until then its lift (the tombstone) is needed. A denial
 * stated after a lift has replaced that end, so when it is lifted too, the end is unknown.
 */
function tombstoneEnd(rule: Rule): number {
  return hidesTombstone(rule) ? forEver : rule.deniedUntil;
}

function hidesTombstone({ denialStamp, liftedUpTo }: Rule): boolean {
  return liftedUpTo > 0 && denialStamp > liftedUpTo;
}

export function sameRule(a: Rule, b: Rule): boolean {
  return (
    a.deniedUntil === b.deniedUntil &&
    a.issuedUpTo === b.issuedUpTo &&
    a.denialStamp === b.denialStamp &&
    a.liftedUpTo === b.liftedUpTo
  );
}

/**
 * Whether `rule` denies a token with this `iat` at `nowSeconds`.
 *
 * @param issuedAt `iat` in seconds. A cutoff includes its own second, so a login within it may be rejected once.
 */
export function denies(rule: Rule, issuedAt: number, nowSeconds: number): boolean {
  return issuedAt <= rule.issuedUpTo || (rule.denialStamp > rule.liftedUpTo && nowSeconds < rule.deniedUntil);
}

/**
 * The second from which a rule may be forgotten: every token that it covers has expired at every verifier.
 *
 * A lift is kept as long as the denial that it ended, because a sidecar that was disconnected may still hold that denial
 * and would re-seed it. Where the four numbers do not tell that end (lifted before any denial was stated, or denied again
 * since), the lift is kept for ever: lifts are few.
 */
export function forgettableAt(rule: Rule, maxTokenLifetimeSeconds: number): number {
  const denialEndUnknown = hidesTombstone(rule) || (rule.liftedUpTo > 0 && rule.deniedUntil === 0);
  if (rule.deniedUntil === forEver || denialEndUnknown) return Number.POSITIVE_INFINITY;
  const cutoffEnd = rule.issuedUpTo === 0 ? 0 : rule.issuedUpTo + maxTokenLifetimeSeconds + ruleMarginSeconds;
  return Math.max(rule.deniedUntil, cutoffEnd) + forgetAfterSeconds;
}
