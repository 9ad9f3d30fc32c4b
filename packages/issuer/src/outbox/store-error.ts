import { brandError } from '@revocast/denylist/replica';

export const storeErrorCodes = [
  /** The store did not answer, or refused the statement (see `cause`). Nothing was noted. */
  'store_unavailable',
  /** The store is a read-only copy. Nothing was noted. */
  'store_read_only',
  /** The store in memory has its largest number of rows. Nothing was noted. */
  'store_full',
] as const;
export type StoreErrorCode = (typeof storeErrorCodes)[number];

/** The store failed, so the event was not noted. Answer 503, and change nothing else. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
brandError(StoreError, 'StoreError');
