import { type Dimension, dimensions } from '@revocast/denylist/replica';

/** Why a stream ends that outlives its token. A closed list: reasons are metric labels. */
export type EndReason =
  | `revoked_${Dimension}`
  | 'expired'
  | 'too_old'
  | 'denylist_unavailable'
  | 'key_not_trusted'
  | 'verifier_closed';

/** Every reason, in the order of the documentation. */
export const endReasons: readonly EndReason[] = [
  ...dimensions.map((dimension) => `revoked_${dimension}` as const),
  'expired',
  'too_old',
  'denylist_unavailable',
  'key_not_trusted',
  'verifier_closed',
];

/**
 * The close code of a WebSocket. 4401: the client must not come back with this token. 1013 (RFC 6455 §7.4, "try again later"):
 * the token may be good, and a client that discards it would log its user out for an outage of ours.
 */
export type CloseCode = 4401 | 1013;

export function closeCodeOf(reason: EndReason): CloseCode {
  return reason === 'denylist_unavailable' || reason === 'verifier_closed' ? 1013 : 4401;
}

/** A stream that is watched until its token ends, or until it is closed. */
export interface Watch extends Disposable {
  /** Aborts when the stream has to end. `close()` does not abort it. Made when it is first read: it costs 700 bytes. */
  readonly signal: AbortSignal;
  /** Undefined while the stream may go on, and after `close()`. */
  readonly reason: EndReason | undefined;
  /** For `ws.close(code)`: undefined while `reason` is. */
  readonly closeCode: CloseCode | undefined;
  /** Ends the watch, when the stream itself has ended. Can be called again. `using` calls it. */
  close(): void;
}

export interface WatchOptions {
  /** Closes the watch, such as when the client has disconnected. */
  readonly until?: AbortSignal | undefined;
  /**
   * What happens while it is unknown whether the token is revoked. `end`: the stream ends with `denylist_unavailable` after
   * `graceMs`. `keep`: it goes on. Default: `end`, and `keep` for a verifier with `whenUnknown: 'accept'`.
   */
  readonly whenUnknown?: 'keep' | 'end' | undefined;
  /**
   * How long a stream may go on while that is unknown. Each stream has as much again as a random part, so that a fleet does not
   * reconnect in one second. Milliseconds, 0–3600000, default 30000.
   */
  readonly graceMs?: number | undefined;
  /**
   * Called once when the stream has to end, in the turn in which the rule is applied; never during `watch()` itself. Costs less
   * than `signal`.
   */
  readonly onEnd?: ((reason: EndReason) => void) | undefined;
}
