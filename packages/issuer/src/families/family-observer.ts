import type { Family } from './family.ts';
import type { CollectedFamilies } from './family-store.ts';
import { type RefusedOutcome, refusedOutcomes } from './refusal.ts';

/** What becomes of a shown refresh token. */
export const familyOutcomes = ['rotated', 'retried', ...refusedOutcomes] as const;
export type FamilyOutcome = (typeof familyOutcomes)[number];

/** The counters of a process. */
export interface FamilyCounters {
  /** A refresh token was shown. */
  shown(outcome: FamilyOutcome): void;
  shadowed(): void;
  collected(families: CollectedFamilies): void;
  collectorSucceeded(nowMs: number): void;
}

export interface Refusal {
  readonly outcome: RefusedOutcome;
  /** Undefined for a malformed one. */
  readonly client: string | undefined;
  /** Where the token belongs to a family that the store has. */
  readonly shown?: {
    readonly generation: number;
    readonly family: Family;
    /** When it was shown, by the clock of the store. */
    readonly nowMs: number;
  };
}

/** What the families count. Only the class of a client becomes a label; no token, subject or id does. */
export interface FamilyObserver {
  /** A refresh token was exchanged. `replacedAtMs`: when the access token was made that it replaces. */
  refreshed(refresh: {
    readonly outcome: 'rotated' | 'retried';
    readonly client: string;
    readonly nowMs: number;
    readonly replacedAtMs?: number;
  }): void;
  refused(refusal: Refusal): void;
  /** Three generations in a row were retried: perhaps a thief who always refreshes just after the owner. */
  shadowed(): void;
}
