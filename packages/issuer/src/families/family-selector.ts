import type { RevocationReason } from '@revocast/denylist';
import type { Ending } from './advance.ts';

/** Families of one issuer. */
export type FamilySelector = {
  readonly issuer: string;
  /** Unix milliseconds by the clock of the store: only families that were opened before. */
  readonly openedBeforeMs?: number;
} & (
  | { readonly grant: string }
  | { readonly session: string }
  /** `keep`: the session whose family does not end. */
  | { readonly subject: string; readonly client?: string; readonly keep?: string }
  | { readonly client: string }
);

/** The families that end with an event. JSON: the outbox keeps it. */
export interface FamilyEndOfEvent {
  readonly which: FamilySelector;
  readonly ending: Ending & { readonly reason: RevocationReason };
  /** The person was deleted: nothing may name it. */
  readonly erase?: boolean;
}

/**
 * Without a kept session a cutoff denies every access token. With one, the grants do, so those of families that have ended
 * without a revocation are needed too.
 */
export function hasKeep(which: FamilySelector): boolean {
  return 'keep' in which && which.keep !== undefined;
}
