import type { Revocation } from '@revocast/denylist';
import { type DigestSet, digestSetOf, statementId, valueOfTarget } from '@revocast/denylist/replica';
import type { BlockEffect, LiftEffect } from './signal.ts';

/**
 * No token has this issuer. The cutoff of a user of it is the time of the newest known state of the account: the log keeps the
 * larger of two cutoffs, so every receiver of the log finds it, in any order of delivery, and the log forgets it by itself.
 */
const stateIssuer = 'urn:revocast:account-state';

/**
 * What to look up before a block or a lift is logged. `revoked` means that a state of a later second is known: the effect came
 * too late and must be dropped. Two states of the same second are applied in the order of their arrival.
 */
export function accountStateQuestion(effect: BlockEffect | LiftEffect): {
  readonly digests: DigestSet;
  readonly issuedAt: number;
} {
  const digests = digestSetOf([valueOfTarget({ issuer: stateIssuer, subject: effect.target })]);
  return { digests, issuedAt: secondsOf(effect) + 1 };
}

/** What to log, before the effect itself: a receiver that is stopped between the two leaves an effect that is delivered again. */
export function accountStateRevocation(effect: BlockEffect | LiftEffect): {
  readonly revocation: Revocation;
  readonly id: string;
} {
  return {
    revocation: { issuer: stateIssuer, subject: effect.target, issuedUpTo: secondsOf(effect), reason: 'other' },
    id: statementId(['account-state', effect.id]),
  };
}

function secondsOf({ stateAtMs }: BlockEffect | LiftEffect): number {
  return Math.floor(stateAtMs / 1000);
}
