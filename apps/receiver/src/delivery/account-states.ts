import type { Publisher } from '@revocast/denylist';
import type { LookUp } from '@revocast/denylist/replica';
import {
  type AccountState,
  accountStateQuestion,
  accountStateRevocation,
  type BlockEffect,
  type LiftEffect,
  stateSecondsOf,
} from '../signals/index.ts';

/** `none`: no later state is known. `unknown`: it cannot be said now. */
export type LaterState = AccountState | 'none' | 'unknown';

/** What is known of the states of accounts: enabled or disabled, and since when. */
export interface AccountStates {
  /** The newest known state of the account that is later than that of an effect. */
  laterThan(effect: BlockEffect | LiftEffect): Promise<LaterState>;
  /** @throws as `publisher.revoke`. */
  note(effect: BlockEffect | LiftEffect, occurredAtMs: number): Promise<void>;
}

/** In the log, for every receiver of it, for as long as the log keeps a cutoff. */
export function loggedStates(lookUp: LookUp, publisher: Pick<Publisher, 'revoke'>): AccountStates {
  return {
    laterThan: (effect) => newestAfter(lookUp, effect),
    async note(effect, occurredAtMs) {
      const { revocation, id } = accountStateRevocation(effect);
      await publisher.revoke(revocation, { id, occurredAtMs });
    },
  };
}

/** Seconds: an effect older than 20 hours is no longer a block or a lift, so no state can be later than it by more. */
const longestSearch = 2 ** 17;

/** The log says only whether there is a state at a time or later, so the newer of two kinds is found by bisection. */
async function newestAfter(lookUp: LookUp, effect: BlockEffect | LiftEffect): Promise<LaterState> {
  let earliest = stateSecondsOf(effect) + 1;
  let beyond = earliest + longestSearch;
  for (let atSeconds = earliest; ; atSeconds = Math.floor((earliest + beyond) / 2)) {
    const isFirst = atSeconds === stateSecondsOf(effect) + 1;
    const verdicts = await Promise.all(
      (['block', 'lift'] as const).map((state) => {
        const { digests, issuedAt } = accountStateQuestion(effect, { state, atSeconds });
        return lookUp.find(digests, issuedAt);
      }),
    );
    const [isBlocked, isLifted] = verdicts.map(({ verdict }) => verdict === 'revoked');
    if (verdicts.some(({ verdict }) => verdict === 'unknown')) return 'unknown';
    if (isBlocked !== isLifted) return isBlocked ? 'block' : 'lift';
    if (isBlocked) earliest = atSeconds + 1;
    else if (isFirst) return 'none';
    else beyond = atSeconds;
    // Both are of the same second: the stricter one.
    if (earliest >= beyond) return 'block';
  }
}

const mostRemembered = 100_000;

/** In the memory of this process: for a log that cannot be asked, such as a sidecar. A restart forgets it. */
export function rememberedStates(): AccountStates {
  const newest = new Map<string, { readonly stateAtMs: number; readonly kind: AccountState }>();
  return {
    async laterThan({ target, stateAtMs }) {
      const known = newest.get(target);
      return known !== undefined && stateAtMs < known.stateAtMs ? known.kind : 'none';
    },
    async note({ target, stateAtMs, kind }) {
      const known = newest.get(target);
      newest.delete(target);
      newest.set(target, known !== undefined && stateAtMs < known.stateAtMs ? known : { stateAtMs, kind });
      const [oldest] = newest.keys();
      if (newest.size > mostRemembered && oldest !== undefined) newest.delete(oldest);
    },
  };
}
