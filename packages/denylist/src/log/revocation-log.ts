import { brandError } from '../brand-error.ts';
import { agreementMs, type ClockReadings } from '../rules/agreed-now.ts';
import type { Digest } from '../rules/digest.ts';
import type { Change, RevocationDetails } from '../rules/event.ts';
import type { Dimension } from '../rules/revocation.ts';
import { maxCutoffAheadSeconds } from '../rules/rule.ts';
import type { Statement, StatementRefusal } from '../rules/statement.ts';
import type { Enforcement } from './enforcement.ts';
import type { LogTimeSample } from './feed.ts';

/** The write side of the ordered record of revocations. Readers use its {@link Feed} and {@link LookUp}. */
export interface RevocationLog {
  /**
   * Merges a statement and appends it, atomically. A known `details.id` writes nothing and returns the first result.
   *
   * @throws LogError
   */
  append(request: AppendRequest): Promise<Appended>;
  /**
   * Merges rules that the log has lost. A rule that it still has, or a lift that came since, is not undone.
   *
   * @throws LogError
   */
  restore(rules: readonly LostRule[]): Promise<Restored>;
  /**
   * The value that the event of an id denied, while the log keeps the event: one hour in Redis, the last 10,000 embedded.
   *
   * @param liftId the id of the lift itself. If the log holds that lift, its value is returned: a retry must lead to the same
   *        result, although the event of `id` may be gone since.
   * @throws LogError `refused` for an id that is unknown or too old, or of a cutoff or a lift · `unavailable`
   */
  denial(id: string, liftId?: string): Promise<LoggedDenial>;
  /**
   * The replicas that have applied an appended entry, as of now.
   *
   * @param appended `issuer`: the digest of its issuer (`issuerDigest`), to learn whether a replica trusts it.
   * @throws LogError `unavailable`
   */
  enforcement(appended: AppendedAt & { readonly issuer?: string }): Promise<Enforcement>;
  /** Reads the log's clock, so that the times of a publisher's first revocation are exact too. May reject. */
  readonly time?: (() => Promise<LogTimeSample>) | undefined;
  close(): Promise<void>;
}

/** A rule that a process holds and the log may have lost. */
export type LostRule = Pick<Change, 'digest' | 'rule'>;

export interface Restored {
  /** Rules that the log lacked, or had in an earlier state. */
  readonly restored: number;
  /** Rules that no log can have held; they were not written. */
  readonly refused: number;
}

export interface AppendRequest {
  readonly digest: Digest;
  readonly statement: Statement;
  readonly details: RevocationDetails;
  /** Redis replicas that must confirm, 0–100. `all`: every known one. */
  readonly redisReplicas?: number | 'all';
  /**
   * The number of revocations of a client, tenant, key or issuer, by all publishers within a minute, up to which the log
   * accepts this one; default 60. `Infinity`: no limit, and this one is not counted.
   */
  readonly broadRulesPerMinute?: number;
  /** The identity of the log: any other log refuses the request with `wrong_log`. Default: any log. */
  readonly expectLog?: string;
}

/** The value that a revocation denied. */
export interface LoggedDenial {
  readonly digest: Digest;
  readonly dimension: Dimension;
}

/** The place of an entry in the history. For a repeated id: the end of the log, behind the entry that was written first. */
export interface AppendedAt {
  readonly epoch: string;
  readonly head: string;
  /** The cursor in the feed of the log; empty when unknown. */
  readonly cursor: string;
}

/** Whether the log keeps every revocation when its memory is full. `unsafe`: it may evict them. */
export type EvictionPolicy = 'safe' | 'unsafe' | 'unknown';

export interface Appended extends AppendedAt {
  readonly loggedAtMs: number;
  /** Copies beside the primary that had confirmed the entry when the log answered. Null: this Redis cannot say. */
  readonly redisReplicas: number | null;
  /** Undefined: unknown, as from a sidecar of the last release. */
  readonly evictionPolicy?: EvictionPolicy;
  /** The id was known, so nothing was written. */
  readonly repeated: boolean;
  /** The log that holds the entry, across its epochs: 16 hex digits. Undefined where it has no such name. */
  readonly identity?: string;
}

export const logErrorCodes = [
  /** Applied, on fewer copies than required. A retry with the same id is safe. */
  'not_durable',
  /** No answer: it may or may not be applied. A retry with the same id is safe. */
  'outcome_unknown',
  /** Not applied: the log cannot be reached, is out of memory, read-only, not permitted, … (see `cause`). */
  'unavailable',
  /** Not applied: the log refuses the statement, e.g. a cutoff in the future. */
  'refused',
  /** Not applied: another statement has used this id within the last day. */
  'id_conflict',
  /** Not applied: the statement depends on the time, and no two clocks agree. `block: true` needs no time. */
  'clock_disagreement',
  /** Not applied: the log is another one than `expectLog` names. */
  'wrong_log',
  /** Not applied: more clients, tenants, keys or issuers were revoked within a minute than the limit permits. */
  'too_many_broad_rules',
] as const;
export type LogErrorCode = (typeof logErrorCodes)[number];

/** A revocation that failed. `applied`: whether it is in force. */
export class LogError extends Error {
  override readonly name = 'LogError';
  readonly code: LogErrorCode;
  readonly applied: boolean | 'unknown';
  /** The event id, for a retry that cannot apply twice. Set by the publisher. */
  readonly id: string | undefined;

  constructor(code: LogErrorCode, message: string, options?: ErrorOptions & { readonly id?: string | undefined }) {
    super(message, options);
    this.code = code;
    this.id = options?.id;
    this.applied = code === 'not_durable' ? true : code === 'outcome_unknown' ? 'unknown' : false;
  }
}
brandError(LogError, 'LogError');

const refusals: Readonly<Record<Exclude<StatementRefusal, 'clock_disagreement'>, string>> = {
  cutoff_in_future: `nothing was revoked: issuedUpTo is more than ${maxCutoffAheadSeconds} s ahead of the log's clock; expected claim seconds of the issuer, found a later time (milliseconds?)`,
  stamp_beyond_bounds:
    'nothing was lifted: this denial has a stamp that no clock can have written, so no lift can end it; remove its rule with `revocast-sidecar repair`',
};

export function refusedStatement(refusal: StatementRefusal, statement: Statement, clocks: ClockReadings): LogError {
  if (refusal === 'clock_disagreement') return clockDisagreement(clocks);
  const isIssuerAhead = refusal === 'cutoff_in_future' && statement.kind === 'cutoff' && statement.clock === 'issuer';
  return isIssuerAhead ? issuerAhead(statement, clocks) : new LogError('refused', refusals[refusal]);
}

function issuerAhead({ issuedUpTo }: { readonly issuedUpTo: number | 'now' }, { logMs }: ClockReadings): LogError {
  return new LogError(
    'clock_disagreement',
    `nothing was revoked: expected an issuer at most ${maxCutoffAheadSeconds} s ahead of the log, found a cutoff of ${isoTime(Number(issuedUpTo) * 1000)} by the issuer's clock, and ${isoTime(logMs)} at the log; correct the issuer's clock, or deny without a time: block: true`,
  );
}

/** Names every clock that the log could compare, so that the wrong one is found. */
function clockDisagreement({ logMs, writer, leaseHolder }: ClockReadings): LogError {
  const clocks = [
    `the log ${isoTime(logMs)}`,
    ...(writer === undefined ? [] : [`the process that writes to it ${isoTime(writer.wallMs)}`]),
    ...(leaseHolder === undefined
      ? []
      : [`the sidecar with the lease ${isoTime(leaseHolder.wallMs)} when the log had ${isoTime(leaseHolder.logMs)}`]),
  ];
  return new LogError(
    'clock_disagreement',
    `nothing was revoked: this statement depends on the time; expected two clocks at most ${agreementMs / 1000} s apart, found ${clocks.join(', ')}; correct the wrong clock, or deny without a time: block: true`,
  );
}

/** A reading may be any number. */
function isoTime(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`;
}

export function idConflict(): LogError {
  return new LogError(
    'id_conflict',
    'nothing was revoked: this id was used for another statement within the last day; expected a new id for each revocation, and the same id for its retries only',
  );
}

/** @param found empty for a log without an identity. */
export function wrongLog(expected: string | undefined, found: string): LogError {
  return new LogError(
    'wrong_log',
    `nothing was revoked: expected the log ${expected ?? ''} (expectLog), found ${found === '' ? 'a log without a name' : `the log ${found}`}; check which server the URL names`,
  );
}
