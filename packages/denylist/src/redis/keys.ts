// One hash tag, so that one script may use all keys on a cluster too.
const tag = '{revocast}';

/** Every key of Revocast. No other file contains the name of a key. */
export const keys = {
  /** hash: digest (16 bytes) → deniedUntil, issuedUpTo, stamp, lifted (16 bytes). The rules in force. */
  rules: `${tag}:rules`,
  /** stream: `p` previous head, `e` event. Change feed and audit; trimmed by time. */
  log: `${tag}:log`,
  /** hash: format, epoch, head, seq, healUntil, hbAt, clock, maxTokenLifetime, minReader, broadFrom, broadCount. */
  meta: `${tag}:meta`,
  /** sorted set: event id by the millisecond it was logged; kept a day. */
  ids: `${tag}:ids`,
  /** string with a time to live: the process that writes heartbeats and prunes. */
  lease: `${tag}:lease`,
  /** hash: reader → the positions that it and the replicas behind it have reached. */
  replicas: `${tag}:replicas`,
  /** prefix of strings with a time to live: names that were used once, such as proofs of possession. */
  once: `${tag}:once`,
  /** prefix of HyperLogLogs with a time to live: digests of the subjects and tokens seen in a day or month. */
  usage: `${tag}:usage`,
} as const;
