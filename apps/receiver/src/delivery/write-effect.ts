import type { Publisher } from '@revocast/denylist';
import type { BlockEffect, LiftEffect, RevokeEffect } from '../signals/signal.ts';
import type { AccountStates } from './account-states.ts';
import { afterFailure, type WriteFailure } from './write-failure.ts';

export interface WritePorts {
  readonly publisher: Pick<Publisher, 'revoke' | 'lift'>;
  readonly states: AccountStates;
}

export type WriteResult = WriteFailure | { readonly result: 'outdated' };

/** Writes one effect to the log. An effect that was written before writes nothing. Never rejects. */
export async function writeEffect(
  effect: RevokeEffect | BlockEffect | LiftEffect,
  occurredAtMs: number,
  { publisher, states }: WritePorts,
): Promise<WriteResult> {
  const { id } = effect;
  try {
    if (effect.kind === 'revoke') {
      await publisher.revoke(effect.revocation, { id, occurredAtMs });
      return { result: 'logged' };
    }
    const state = await states.isNewest(effect);
    if (state === 'outdated') return { result: 'outdated' };
    if (state === 'unknown') return { result: 'unavailable', code: 'state_unknown', retryAfterMs: 1000, isOwn: true };
    // Noted first: when this process ends between the two, the event is delivered again.
    await states.note(effect, occurredAtMs);
    if (effect.kind === 'block') await publisher.revoke(effect.revocation, { id, occurredAtMs });
    else await publisher.lift(effect.lift, { id, occurredAtMs });
    return { result: 'logged' };
  } catch (error) {
    return afterFailure(error, effect.kind === 'revoke' && effect.revocation.issuedUpTo !== undefined);
  }
}
