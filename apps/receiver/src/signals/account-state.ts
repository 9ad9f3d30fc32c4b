import type { Revocation } from '@revocast/denylist';
import { type DigestSet, digestSetOf, statementId, valueOfTarget } from '@revocast/denylist/replica';
import type { BlockEffect, LiftEffect } from './signal.ts';

/**
 * No token has this issuer. For each kind of state, the cutoff of a user at one client of it is the time of the newest known state
 * of that kind: the log keeps the larger of two cutoffs, so every receiver of the log finds it, in any order of delivery, and the
 * log forgets it by itself.
 */
const stateIssuer = 'urn:revocast:account-state';

/** A state of an account: `block` when it was disabled, `lift` when it was enabled. */
export type AccountState = (BlockEffect | LiftEffect)['kind'];

/**
 * What to look up to see whether an account had a state of this kind in that second or later: `revoked` means yes.
 * @param atSeconds Unix seconds.
 */
export function accountStateQuestion(
  { target }: BlockEffect | LiftEffect,
  { state, atSeconds }: { readonly state: AccountState; readonly atSeconds: number },
): { readonly digests: DigestSet; readonly issuedAt: number } {
  return { digests: digestSetOf([valueOfTarget(stateValue(target, state))]), issuedAt: atSeconds };
}

/** What to log, before the effect itself: a receiver that is stopped between the two leaves an effect that is delivered again. */
export function accountStateRevocation(effect: BlockEffect | LiftEffect): {
  readonly revocation: Revocation;
  readonly id: string;
} {
  const { target, kind } = effect;
  return {
    revocation: { ...stateValue(target, kind), issuedUpTo: stateSecondsOf(effect), reason: 'other' },
    id: statementId(['account-state', effect.id]),
  };
}

/** Unix seconds. Two states of the same second are applied in the order of their arrival. */
export function stateSecondsOf({ stateAtMs }: BlockEffect | LiftEffect): number {
  return Math.floor(stateAtMs / 1000);
}

function stateValue(target: string, state: AccountState) {
  return { issuer: stateIssuer, subject: target, client: state };
}
