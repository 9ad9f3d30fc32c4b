import type { Change } from '../rules/event.ts';
import type { Reader } from './reader.ts';

/**
 * Anything a denylist can be replicated from: the log in Redis, a sidecar, an embedded log. A snapshot and a tail,
 * joined by positions that form a chain.
 */
export interface Feed {
  /** For people: kind and address, without credentials. */
  readonly name: string;
  /**
   * Opens one connection. Positions, snapshot and tail of a synchronisation must come from one and the same
   * connection: a redis replica may lag behind the primary that gave the position.
   *
   * @param reader is made known to the other side before the promise resolves.
   * @throws FeedError
   */
  connect(signal: AbortSignal, reader: Reader): Promise<FeedConnection>;
}

export interface FeedConnection {
  /**
   * `union`: lifts merge like everything else (the log). `take`: the feed's lifts are taken as they are (a sidecar).
   */
  readonly lifts: 'union' | 'take';
  /** Where the feed stands now. */
  position(): Promise<FeedPosition>;
  /** Pages of rows ({@link ./codec/rows.ts}) that together hold at least all that was there at the last `position()`. */
  snapshot(): AsyncIterable<Uint8Array>;
  /**
   * What came after `from`, without end.
   *
   * @throws FeedGap when the feed cannot continue from there.
   */
  tail(from: FeedPosition): AsyncIterable<FeedBatch>;
  /** Everything up to here is applied. Cheap, never throws. A feed without it has no replicas to wait for. */
  acknowledge?(position: FeedPosition): void;
  close(): void;
}

export interface FeedPosition {
  /** Which history: another epoch is another log. */
  readonly epoch: string;
  /** The link that the next entry must name as its `prev`. */
  readonly head: string;
  /** Where to read on; means something to this feed only. */
  readonly cursor: string;
  /** A log that began empty and cannot yet say "not found" (see docs/protocol.md, healing). */
  readonly healing: boolean;
  readonly maxTokenLifetimeSeconds: number;
  /** The oldest reader version that understands all that is in the log. */
  readonly minReader: number;
  /** Rules that a snapshot will hold, about; so that room is made at once. */
  readonly rules?: number;
  readonly logTime?: LogTimeSample;
}

/** The log's clock read against this host's monotonic one; the smaller `roundTripMs`, the better the sample. */
export interface LogTimeSample {
  readonly logMs: number;
  readonly monotonicMs: number;
  readonly roundTripMs: number;
}

export interface FeedEntry {
  /** The head before this entry; anything else than ours means that something between was lost. */
  readonly prev: string;
  readonly head: string;
  readonly cursor: string;
  /** Absent in a heartbeat. */
  readonly change?: Change;
}

export interface FeedBatch {
  readonly entries: readonly FeedEntry[];
  /**
   * Monotonic time of this host for which the feed is known to be complete, once `entries` are applied.
   * See {@link ./freshness.ts} for what counts as proof.
   */
  readonly provenAtMs?: number;
  /** The proof comes from a log that is healing: it counts only for a replica that survived the loss. */
  readonly healing?: boolean;
  readonly logTime?: LogTimeSample;
  /** When the heartbeat behind the proof was written, in the log's clock: a canary for the latency figures. */
  readonly heartbeatLoggedAtMs?: number;
}

/** Why a tail could not be continued. Each leads to a new snapshot; the list is closed, it is a metric label. */
export const gapCauses = [
  /** An entry's `prev` is not our head: failover, trim, flush, shortened file, two writers. */
  'chain',
  'epoch',
  /** An entry that cannot be read. */
  'unreadable',
  /** The sidecar no longer has our position (restarted, another one, or we were too slow). */
  'position_lost',
  /** The log needs a newer reader than this one. */
  'upgrade',
] as const;
export type GapCause = (typeof gapCauses)[number];

/** The history has a hole: union with a new snapshot is needed. Not a failure of the connection. */
export class FeedGap extends Error {
  override readonly name = 'FeedGap';
  readonly gap: GapCause;

  constructor(gap: GapCause, message: string) {
    super(message);
    this.gap = gap;
  }
}

/** What can be wrong with the other side. Closed: it is a metric label and the `code` of a {@link FeedError}. */
export const feedErrorCodes = [
  'unreachable',
  'timeout',
  'closed',
  'refused',
  'not_ready',
  'loading',
  'read_only',
  'no_permission',
  'wrong_type',
  'out_of_memory',
  'disk_error',
  'no_replicas',
  'no_script',
  'protocol',
] as const;
export type FeedErrorCode = (typeof feedErrorCodes)[number];

export class FeedError extends Error {
  override readonly name = 'FeedError';
  readonly code: FeedErrorCode;

  constructor(code: FeedErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
