import { brandError } from '@revocast/denylist/replica';

export const storeErrorCodes = [
  /**
   * The store refused the statement, or did not answer (see `cause`). Without an answer the event may have been noted: report it
   * again with the same `id`.
   */
  'store_unavailable',
  /** The store is a read-only copy. Nothing was noted. */
  'store_read_only',
  /** The store in memory has its largest number of rows. Nothing was noted. */
  'store_full',
] as const;
export type StoreErrorCode = (typeof storeErrorCodes)[number];

/** The store failed, so it is not certain that the event was noted. Answer 503, and change nothing else. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
brandError(StoreError, 'StoreError');
