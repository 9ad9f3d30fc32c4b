import type { ReplicaStatus } from '@revocast/denylist/replica';
import type { Decision, WhenUnknown } from '../decision.ts';
import type { KeySourceStatus } from '../jwks/key-source.ts';
import type { RequestWithHeaders } from '../token/bearer.ts';

/** What a verifier knows about itself. Nothing in it is secret. */
export interface VerifierStatus {
  /** Whether a good token would be accepted now. */
  readonly ready: boolean;
  readonly issuers: readonly { readonly issuer: string; readonly alias: string; readonly keys: KeySourceStatus }[];
  /** `null`: switched off. */
  readonly revocation: {
    /** The feed's address without credentials; `null`: look-up only. */
    readonly feed: string | null;
    /** Absent until the feed has been opened. */
    readonly replica?: ReplicaStatus;
    readonly lookup: 'none' | 'opening' | 'open' | 'failed';
    readonly whenUnknown: WhenUnknown;
    /** An option that keeps every token from being accepted, and how to mend it. */
    readonly problem?: string;
  } | null;
  readonly tokenCache: { readonly entries: number; readonly maxEntries: number } | null;
  /** Checks that the options switch off. */
  readonly switchedOff: readonly string[];
}

/** Verifies access tokens. No HTTP inside: works for upgrade requests, queues and other frameworks. */
export interface Verifier {
  /**
   * Decides about a request-like object: headers, and `rawHeaders` where there are any.
   *
   * @returns synchronously for a token seen before while the denylist is fresh. Never throws, never rejects.
   */
  verify(request: RequestWithHeaders, options?: { readonly whenUnknown?: WhenUnknown }): Decision | Promise<Decision>;
  /** Resolves true once keys are there and the denylist is fresh, false after `timeoutMs`. Never rejects. */
  ready(options: { readonly timeoutMs: number }): Promise<boolean>;
  status(): VerifierStatus;
  /** Fetches the key sets now instead of with the first token. Resolves to whether all are there. Never rejects. */
  prefetch(): Promise<boolean>;
  /** Ends what only this verifier uses. */
  close(): Promise<void>;
}
