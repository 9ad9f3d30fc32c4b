// One hash tag, so that one script may touch all of them on a cluster too.
const tag = '{revocast}';

/** Every key Revocast owns. Nothing else writes or reads one by name. */
export const keys = {
  /** hash: digest (16 bytes) → deniedUntil, issuedUpTo, stamp, lifted (16 bytes). The truth. */
  rules: `${tag}:rules`,
  /** stream: `p` previous head, `e` event. Change feed and audit; trimmed by time. */
  log: `${tag}:log`,
  /** hash: format, epoch, head, seq, healUntil, hbAt, maxTokenLifetime, minReader, broadFrom, broadCount. */
  meta: `${tag}:meta`,
  /** sorted set: event id by the millisecond it was logged; kept a day. */
  ids: `${tag}:ids`,
  /** string with a time to live: who writes heartbeats and prunes. */
  lease: `${tag}:lease`,
  /** hash: sidecar → what it and its processes hold. */
  replicas: `${tag}:replicas`,
  /** prefix of strings with a time to live: names that were taken once, proofs of possession for example. */
  once: `${tag}:once`,
  /** prefix of HyperLogLogs with a time to live: digests of subjects and tokens that were seen, by day and month. */
  usage: `${tag}:usage`,
} as const;
