/**
 * What enforcement needs of one or many revocations of the same value. All four numbers are uint32 seconds.
 *
 * The state is a small join: {@link mergeRules} takes the larger of each number, so duplicates, replays, reordering
 * and unions of two histories are harmless.
 */
export interface Rule {
  /**
   * Claim seconds: every token that carries the value is denied until then. 0: none. {@link forEver}: a block.
   * Counts only while `stamp > lifted`.
   */
  readonly deniedUntil: number;
  /** Claim seconds: tokens with `iat <= issuedUpTo` are denied. 0: none. */
  readonly issuedUpTo: number;
  /** Log seconds at which the newest denial was stated. */
  readonly denialStamp: number;
  /** The newest stamp that a lift has seen: a denial counts only if `stamp > lifted`. */
  readonly liftedUpTo: number;
}

/** `deniedUntil` of a block. */
export const forEver = 0xffff_ffff;

export const emptyRule: Rule = Object.freeze({ deniedUntil: 0, issuedUpTo: 0, denialStamp: 0, liftedUpTo: 0 });

/**
 * Seconds added to the end of every rule that follows a token's own end. It covers the verifier's clock tolerance, its
 * allowance for a future `iat`, and the skew between issuer, log and verifier; a verifier whose tolerance exceeds it
 * refuses to start.
 */
export const ruleMarginSeconds = 300;

/** Default for a cutoff "now": a login within these seconds of the revocation may have to be repeated once. */
export const cutoffSkewSeconds = 2;

/** An `issuedUpTo` this far ahead of the log's clock is refused: it would deny logins yet to come. */
export const maxCutoffAheadSeconds = 60;

/** Ended rules are kept this much longer, so that clocks that disagree a little never forget one that still counts. */
export const forgetAfterSeconds = 3600;

/** The longest lifetime (`exp - iat`) of an accepted token, unless the log says otherwise. */
export const defaultMaxTokenLifetimeSeconds = 86_400;

/**
 * The union of what two sources know of one value: the larger of each number, except that a denial which a lift has
 * seen (`stamp <= lifted`) no longer counts. Commutative and idempotent; no lift ends a denial that it did not see.
 *
 * Grouping matters in one case only: a later denial shorter than an earlier, lifted one. There some order keeps the
 * longer end, never a shorter one.
 */
export function mergeRules(a: Rule, b: Rule): Rule {
  return settle(a, b, Math.max(a.liftedUpTo, b.liftedUpTo));
}

/**
 * The same, but the lift is the feed's: a tombstone that only this process knows (its sidecar died) would otherwise
 * accept what everyone else denies.
 *
 * A denial that was held as lifted is not brought back by a feed which knows neither it nor its lift: then the log lost
 * both, and only the feed's own denial counts.
 */
export function mergeTakingLift(held: Rule, fromFeed: Rule): Rule {
  const endedHere = held.denialStamp <= held.liftedUpTo && held.denialStamp > fromFeed.liftedUpTo;
  const own = endedHere ? { ...emptyRule, issuedUpTo: held.issuedUpTo } : held;
  return settle(own, fromFeed, fromFeed.liftedUpTo);
}

function settle(a: Rule, b: Rule, liftedUpTo: number): Rule {
  const aCounts = a.denialStamp > liftedUpTo;
  const bCounts = b.denialStamp > liftedUpTo;
  return {
    deniedUntil:
      aCounts || bCounts
        ? Math.max(aCounts ? a.deniedUntil : 0, bCounts ? b.deniedUntil : 0)
        : Math.max(tombstoneEnd(a), tombstoneEnd(b)),
    issuedUpTo: Math.max(a.issuedUpTo, b.issuedUpTo),
    denialStamp: Math.max(a.denialStamp, b.denialStamp),
    liftedUpTo,
  };
}

/**
 * When nothing counts any more, the end of what was lifted stays: it says how long the tombstone is needed. A denial
 * stated after a lift took the place of that end, so once it is lifted too nobody knows it.
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
 * @param issuedAt `iat` in seconds; inclusive, so a login in the very second of a cutoff may be refused once.
 */
export function denies(rule: Rule, issuedAt: number, nowSeconds: number): boolean {
  return issuedAt <= rule.issuedUpTo || (rule.denialStamp > rule.liftedUpTo && nowSeconds < rule.deniedUntil);
}

/**
 * The second after which a rule may be forgotten, by time alone: every token it covers has expired everywhere.
 *
 * A tombstone stays as long as the denial it ended could, because a sidecar that was away may still hold that denial
 * and would bring it back. Where the four numbers no longer tell how long that is (lifted before any denial was seen,
 * or denied anew since), it stays for ever: lifts are few.
 */
export function forgettableAt(rule: Rule, maxTokenLifetimeSeconds: number): number {
  const denialEndUnknown = hidesTombstone(rule) || (rule.liftedUpTo > 0 && rule.deniedUntil === 0);
  if (rule.deniedUntil === forEver || denialEndUnknown) return Number.POSITIVE_INFINITY;
  const cutoffEnd = rule.issuedUpTo === 0 ? 0 : rule.issuedUpTo + maxTokenLifetimeSeconds + ruleMarginSeconds;
  return Math.max(rule.deniedUntil, cutoffEnd) + forgetAfterSeconds;
}
