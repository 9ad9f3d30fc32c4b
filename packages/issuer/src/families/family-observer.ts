import type { Family } from './family.ts';
import type { RefusedOutcome } from './refusal.ts';

/** What the families count. Only the class of a client becomes a label; no token, subject or id does. */
export interface FamilyObserver {
  /** A refresh token was exchanged. `replacedAtMs`: when the access token was made that it replaces. */
  refreshed(refresh: {
    readonly outcome: 'rotated' | 'retried';
    readonly client: string;
    readonly nowMs: number;
    readonly replacedAtMs?: number;
  }): void;
  refused(refusal: { readonly outcome: RefusedOutcome; readonly client: string; readonly family?: Family }): void;
  /** Three generations in a row were retried: perhaps a thief who always refreshes just after the owner. */
  shadowed(found: { readonly client: string; readonly family: Family }): void;
}
