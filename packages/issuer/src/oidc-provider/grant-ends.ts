import { isJsonObject } from '@revocast/denylist/replica';
import type { LifecycleEvent } from '../events/lifecycle-event.ts';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import { grantRevoked } from './end-events.ts';
import type { StoragePort } from './provider.ts';
import { currentRequest, holdAnswerFor } from './requests.ts';

interface GrantEnd {
  destroysGrant: boolean;
  readonly noted: Promise<void>;
}

/**
 * Reports the end of each grant once. To end a grant, the library calls the storage of up to six models in one turn of the
 * event loop: the tokens of each, and the grant itself unless `revokeGrantPolicy` keeps it.
 */
export class GrantEnds {
  readonly #lifecycle: Lifecycle;
  readonly #grants: () => StoragePort;
  readonly #thisTurn = new Map<string, GrantEnd>();

  /** @param grants the storage of the model `Grant`. */
  constructor(lifecycle: Lifecycle, grants: () => StoragePort) {
    this.#lifecycle = lifecycle;
    this.#grants = grants;
  }

  /**
   * Resolves when the end is noted, so the library deletes nothing before. In the other order, a crash in between would leave
   * access tokens that nothing revokes.
   *
   * @param destroysGrant whether the grant itself is deleted, and not only its tokens.
   * @throws as `report`: the library then deletes nothing, and answers 500.
   */
  async note(grant: string, destroysGrant: boolean): Promise<void> {
    const end = this.#thisTurn.get(grant) ?? this.#begin(grant);
    if (destroysGrant) end.destroysGrant = true;
    await end.noted;
  }

  #begin(grant: string): GrantEnd {
    const end: GrantEnd = {
      destroysGrant: false,
      noted: endOfTurn().then(() => {
        this.#thisTurn.delete(grant);
        return this.#report(grant, end.destroysGrant);
      }),
    };
    this.#thisTurn.set(grant, end);
    return end;
  }

  async #report(grant: string, destroysGrant: boolean): Promise<void> {
    const event = destroysGrant ? grantRevoked(grant) : await this.#tokensRevoked(grant);
    holdAnswerFor(await this.#lifecycle.report(event, { waitMs: 0 }));
    const request = currentRequest();
    if (request !== undefined) request.endedGrant = true;
  }

  /**
   * The grant stays and can issue tokens again, which a denial of the grant would refuse for as long as a token can live. So
   * the tokens issued until now end, of this client and user: other devices refresh once.
   */
  async #tokensRevoked(grant: string): Promise<LifecycleEvent> {
    const stored = await this.#grants().find(grant);
    if (!isJsonObject(stored)) return grantRevoked(grant);
    const { accountId, clientId } = stored;
    if (typeof accountId !== 'string' || typeof clientId !== 'string') return grantRevoked(grant);
    return { type: 'consent_withdrawn', subject: accountId, client: clientId };
  }
}

/** Every call of this turn has been made then, also those after a `revokeGrantPolicy` without I/O. */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
