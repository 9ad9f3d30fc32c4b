import type { KeyObject } from 'node:crypto';
import type { SignatureAlgorithm } from './signature-algorithms.ts';

/** A public key that may verify access tokens, and the only algorithms it may verify them with. */
export interface VerificationKey {
  /** Absent when the key set names none. */
  readonly kid?: string;
  /** RFC 7638 SHA-256 thumbprint, base64url: the identity of the key whatever its kid. */
  readonly thumbprint: string;
  /** RFC 8725 §3.1: the key, not the token, decides the algorithm. Never empty. */
  readonly algorithms: readonly SignatureAlgorithm[];
  /** Imported once; jose keeps its own converted form beside it. */
  readonly key: KeyObject;
}
