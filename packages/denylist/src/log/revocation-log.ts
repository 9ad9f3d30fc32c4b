import type { Digest } from '../rules/digest.ts';
import type { RevocationDetails } from '../rules/event.ts';
import type { Dimension } from '../rules/revocation.ts';
import type { Statement } from '../rules/statement.ts';
import type { Enforcement } from './enforcement.ts';
import type { LogTimeSample } from './feed.ts';

/** The ordered record of revocations: the writing side. Readers use its {@link Feed} and {@link LookUp}. */
export interface RevocationLog {
  /**
   * Merges a statement and appends it, atomically. A known `details.id` writes nothing and answers as the first time.
   *
   * @throws LogError
   */
  append(request: AppendRequest): Promise<Appended>;
  /**
   * What the event of an id denied, while the log keeps that event: in Redis an hour, embedded its last 10,000.
   *
   * @throws LogError `refused` for an id that is unknown or too old, or of a cutoff or a lift · `unavailable`
   */
  denial(id: string): Promise<LoggedDenial>;
  /**
   * Which replicas have applied an appended entry, as of now.
   *
   * @throws LogError `unavailable`
   */
  enforcement(appended: AppendedAt): Promise<Enforcement>;
  /** Reads the log's clock, so that the first revocation of a publisher is timed as truly as the next ones. May throw. */
  time?(): Promise<LogTimeSample>;
  close(): Promise<void>;
}

export interface AppendRequest {
  readonly digest: Digest;
  readonly statement: Statement;
  readonly details: RevocationDetails;
  /** Redis replicas that must confirm. `all`: every one that is known. */
  readonly redisReplicas?: number | 'all';
  /**
   * Revocations of a client, tenant, key or issuer that all publishers together may have logged within a minute for this
   * one to be taken; default 60, `Infinity`: any number, and this one is not counted.
   */
  readonly broadRulesPerMinute?: number;
}

/** The value that a logged revocation denied. */
export interface LoggedDenial {
  readonly digest: Digest;
  readonly dimension: Dimension;
}

/** Where an entry stands in the history. */
export interface AppendedAt {
  readonly epoch: string;
  readonly head: string;
  /** In the feed of the log; empty when unknown, as for a repeated id. */
  readonly cursor: string;
}

export interface Appended extends AppendedAt {
  readonly loggedAtMs: number;
  /** Copies beside the primary that had it when we were answered. */
  readonly redisReplicas: number;
  /** The id was known: nothing was written now. */
  readonly repeated: boolean;
}

export const logErrorCodes = [
  /** Applied, on fewer copies than asked for. Retry with the same id is safe. */
  'not_durable',
  /** No answer: it may or may not be applied. Retry with the same id is safe. */
  'outcome_unknown',
  /** Not applied: the log cannot be reached, is out of memory, read-only, without rights, … (see `cause`). */
  'unavailable',
  /** Not applied: the log refuses what was said, e.g. a cutoff in the future. */
  'refused',
  /** Not applied: so many clients, tenants, keys or issuers were revoked within a minute that it looks like a mistake. */
  'too_many_broad_rules',
] as const;
export type LogErrorCode = (typeof logErrorCodes)[number];

/** A revocation that did not end as asked. `applied` says whether it is in force. */
export class LogError extends Error {
  override readonly name = 'LogError';
  readonly code: LogErrorCode;
  readonly applied: boolean | 'unknown';
  /** The event id, for a retry that cannot apply twice. Set by the publisher. */
  readonly id: string | undefined;

  constructor(code: LogErrorCode, message: string, options?: ErrorOptions & { readonly id?: string }) {
    super(message, options);
    this.code = code;
    this.id = options?.id;
    this.applied = code === 'not_durable' ? true : code === 'outcome_unknown' ? 'unknown' : false;
  }
}
