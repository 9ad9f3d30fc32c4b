import type { Publisher } from '@revocast/denylist';
import type { LookUp } from '@revocast/denylist/replica';
import { accountStateQuestion, accountStateRevocation, type BlockEffect, type LiftEffect } from '../signals/index.ts';

/** What is known of the states of accounts: enabled or disabled, and since when. */
export interface AccountStates {
  /** Whether the state of an effect is the newest known one. `unknown`: it cannot be said now. */
  isNewest(effect: BlockEffect | LiftEffect): Promise<'newest' | 'outdated' | 'unknown'>;
  /** @throws as `publisher.revoke`. */
  note(effect: BlockEffect | LiftEffect, occurredAtMs: number): Promise<void>;
}

/** In the log, for every receiver of it, for as long as the log keeps a cutoff. */
export function loggedStates(lookUp: LookUp, publisher: Pick<Publisher, 'revoke'>): AccountStates {
  return {
    async isNewest(effect) {
      const { digests, issuedAt } = accountStateQuestion(effect);
      const { verdict } = await lookUp.find(digests, issuedAt);
      return verdict === 'revoked' ? 'outdated' : verdict === 'active' ? 'newest' : 'unknown';
    },
    async note(effect, occurredAtMs) {
      const { revocation, id } = accountStateRevocation(effect);
      await publisher.revoke(revocation, { id, occurredAtMs });
    },
  };
}

const mostRemembered = 100_000;

/** In the memory of this process: for a log that cannot be asked, such as a sidecar. A restart forgets it. */
export function rememberedStates(): AccountStates {
  const newest = new Map<string, number>();
  return {
    async isNewest({ target, stateAtMs }) {
      return stateAtMs < (newest.get(target) ?? 0) ? 'outdated' : 'newest';
    },
    async note({ target, stateAtMs }) {
      const known = newest.get(target) ?? 0;
      newest.delete(target);
      newest.set(target, Math.max(known, stateAtMs));
      const [oldest] = newest.keys();
      if (newest.size > mostRemembered && oldest !== undefined) newest.delete(oldest);
    },
  };
}
