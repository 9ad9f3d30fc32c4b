// The stream between a sidecar and a reader: one WebSocket (RFC 6455) with the frames of `frames/`.

/** Name of the subprotocol; it carries the version of the conversation. */
export const streamProtocol = 'revocast.v1';

/** A side looks this often whether anything came from the other one. A sidecar sends a ping at every second look. */
export const lookMs = 500;
/**
 * Looks without a byte after which a connection is dropped: 2.5 to 3 s. Looks are counted and not milliseconds, because a
 * process that was busy for seconds has not read what waits in its sockets.
 */
export const silentLooks = 5;

/** How long a reader waits for its welcome before it closes and tries again. */
export const welcomeTimeoutMs = 5000;

/** Reasons for which a sidecar closes a stream (RFC 6455 §7.4: 4000–4999 are for private use). */
export const closeCodes = {
  stopping: 1001,
  too_many_readers: 1013,
  bad_frame: 4400,
  token_revoked: 4401,
  not_reporting: 4407,
  slow_reader: 4408,
  replaced: 4409,
  position_lost: 4410,
} as const;
export type CloseReason = keyof typeof closeCodes;
