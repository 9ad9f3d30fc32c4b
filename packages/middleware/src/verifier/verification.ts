import type { Possession } from '../binding/possession.ts';
import type { IssuerDirectory } from '../issuers/issuer-directory.ts';
import type { RevocationCheck } from '../revocation/check.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { VerifySignature } from '../token/signature.ts';
import type { TokenCache } from '../token/token-cache.ts';

/** What the verification of a token needs. */
export interface Verification {
  readonly issuers: IssuerDirectory;
  /** Undefined: switched off. */
  readonly tokenCache: TokenCache | undefined;
  /** Undefined: switched off. */
  readonly revocation: RevocationCheck | undefined;
  readonly possession: Possession;
  /** The option of this name. */
  readonly maxTokenBytes: number;
  readonly telemetry: Pick<Telemetry, 'tokenDescribed'>;
  readonly verifySignature: VerifySignature;
  /** Wall-clock milliseconds, for comparison with claims. */
  readonly now: () => number;
  /** By how much the log adds to a cutoff of now; undefined while it is not known, or without revocation. */
  readonly logSkewMs: () => number | undefined;
  readonly monotonicMs: () => number;
}
