import type { Refusal } from './refusal.ts';
import type { Reading, Signal } from './signal.ts';
import type { SignalKeys } from './signal-keys.ts';
import type { SourceProfile } from './source-profile.ts';

/** What a message is read with. */
export interface ReadingContext {
  readonly source: SourceProfile;
  /** Unix milliseconds: the receipt. */
  readonly nowMs: number;
}

/** What a signed message is read with. */
export interface VerifyingContext extends ReadingContext {
  readonly keys: SignalKeys;
}

export type Refused = Reading & { readonly outcome: 'refused' };

export function refuse(reason: Refusal): Refused {
  return { outcome: 'refused', reason };
}

export function accept(signals: readonly Signal[]): Reading {
  return { outcome: 'accepted', signals };
}
