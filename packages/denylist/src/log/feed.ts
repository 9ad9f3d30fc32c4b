import { brandError } from '../brand-error.ts';
import type { Change } from '../rules/event.ts';
import type { Reader } from './reader.ts';

/**
 * A source that a denylist can be replicated from: the log in Redis, a sidecar, an embedded log. It has a snapshot and a
 * tail, connected by positions that form a chain.
 */
export interface Feed {
  /** For messages: kind and address, without credentials. */
  readonly name: string;
  /**
   * Opens one connection. Positions, snapshot and tail of a synchronisation must come from the same connection: a redis
   * replica may be behind the primary that gave the position.
   *
   * @param reader registered with the other side before the promise resolves.
   * @param maxRules room of the reader: a snapshot need not hold many more rules at once. Default: no bound of its own.
   * @throws FeedError
   */
  connect(signal: AbortSignal, reader: Reader, maxRules?: number): Promise<FeedConnection>;
}

export interface FeedConnection {
  /**
   * `union`: lifts merge like the other numbers (the log). `take`: the lifts of the feed replace ours (a sidecar).
   */
  readonly lifts: 'union' | 'take';
  /**
   * Whether {@link tail} can go on from a position; absent: only the tail can tell.
   *
   * @throws FeedError
   */
  continues?(from: FeedPosition): Promise<boolean>;
  /** The present end of the feed. */
  position(): Promise<FeedPosition>;
  /**
   * Pages of rows ({@link ../codec/rows.ts}) with at least every rule that existed at the last `position()`. A page and its
   * buffer belong to the receiver.
   */
  snapshot(): AsyncIterable<Uint32Array>;
  /**
   * The entries after `from`, without end.
   *
   * @throws FeedGap when the feed cannot continue from there.
   */
  tail(from: FeedPosition): AsyncIterable<FeedBatch>;
  /** Everything up to here is applied. Cheap, never throws. Absent in a feed that needs no reports. */
  acknowledge?(position: FeedPosition): void;
  close(): void;
}

export interface FeedPosition {
  /** The history: another epoch is another log. */
  readonly epoch: string;
  /** The `prev` of the next entry. */
  readonly head: string;
  /** The log, across its epochs: 16 hex digits. Undefined where it has none yet, or the feed does not provide it. */
  readonly identity?: string;
  /** Where to continue reading; only this feed can interpret it. */
  readonly cursor: string;
  /** The log is healing: it began empty, and "not found" is no answer yet (docs/protocol.md). */
  readonly healing: boolean;
  readonly maxTokenLifetimeSeconds: number;
  /**
   * How far ahead `iat` may be: the log adds as much to a cutoff of now. Absent: {@link unstatedCutoffSkewSeconds}, as in a log
   * of the last release.
   */
  readonly cutoffSkewSeconds?: number;
  /** The oldest reader version that can read every entry of the log. */
  readonly minReader: number;
  /** About the number of rules in a snapshot, to allocate memory once. */
  readonly rules?: number;
  readonly logTime?: LogTimeSample;
  /** When this epoch began, in milliseconds of the log's clock. Undefined where the feed does not provide it. */
  readonly bornAtMs?: number;
}

/** The log's clock and this host's monotonic clock at one moment. The shorter the round trip, the more exact. */
export interface LogTimeSample {
  readonly logMs: number;
  readonly monotonicMs: number;
  readonly roundTripMs: number;
}

/**
 * The sample of an answer that contains the log's time. The log read its clock between sending and answer; the middle has
 * the smallest possible error.
 */
export function logTimeSample(logMs: number, sentAtMs: number, answeredAtMs: number): LogTimeSample {
  const roundTripMs = answeredAtMs - sentAtMs;
  return { logMs, monotonicMs: sentAtMs + roundTripMs / 2, roundTripMs };
}

export interface FeedEntry {
  /** The head before this entry. When it is not the reader's head, an entry between them is missing. */
  readonly prev: string;
  readonly head: string;
  readonly cursor: string;
  /** Absent in a heartbeat. */
  readonly change?: Change;
  /** Number of the entry, where the feed provides it. */
  readonly seq?: number;
}

export interface FeedBatch {
  readonly entries: readonly FeedEntry[];
  /**
   * Monotonic time of this host up to which the denylist is complete, once `entries` are applied.
   * See {@link ../replication/causal-proof.ts}.
   */
  readonly provenAtMs?: number;
  /** Of the log behind the proof; undefined where the feed does not name it, or names it in its position. */
  readonly identity?: string;
  /** The log is healing: the proof is valid only for a replica that was fresh at the loss, after its re-seed. */
  readonly healing?: boolean;
  readonly logTime?: LogTimeSample;
  /** When the heartbeat behind the proof was written, in the log's clock; for the latency figures. */
  readonly heartbeatLoggedAtMs?: number;
}

/** Why a tail cannot continue. Each leads to a new snapshot. Closed: it is a metric label. */
export const gapCauses = [
  /** The `prev` of an entry is not the reader's head: failover, trim, flush, truncated file, two writers. */
  'chain',
  'epoch',
  /** An entry that cannot be read. */
  'unreadable',
  /** The sidecar does not have the reader's position: it restarted, it is another one, or the reader was too slow. */
  'position_lost',
  /** The log needs a newer reader than this one. */
  'upgrade',
] as const;
export type GapCause = (typeof gapCauses)[number];

/** The tail cannot continue, so a new snapshot is needed. Not a failure of the connection. */
export class FeedGap extends Error {
  override readonly name = 'FeedGap';
  readonly gap: GapCause;

  constructor(gap: GapCause, message: string) {
    super(message);
    this.gap = gap;
  }
}
brandError(FeedGap, 'FeedGap');

/** Failures of a feed. Closed: it is a metric label and the `code` of a {@link FeedError}. */
export const feedErrorCodes = [
  'unreachable',
  'timeout',
  'closed',
  'refused',
  'upgrade_refused',
  'not_ready',
  'loading',
  'read_only',
  'no_permission',
  'wrong_type',
  'out_of_memory',
  'disk_error',
  'no_replicas',
  'no_script',
  'wrong_log',
  'protocol',
] as const;
export type FeedErrorCode = (typeof feedErrorCodes)[number];

export class FeedError extends Error {
  override readonly name = 'FeedError';
  readonly code: FeedErrorCode;
  /** Another attempt costs the other side nothing, and follows within these milliseconds; absent: pauses grow. */
  readonly retryWithinMs: number | undefined;

  constructor(code: FeedErrorCode, message: string, options?: ErrorOptions & { readonly retryWithinMs?: number }) {
    super(message, options);
    this.code = code;
    this.retryWithinMs = options?.retryWithinMs;
  }
}
brandError(FeedError, 'FeedError');
