/**
 * Rules of the protocol that a modelled world can be told to leave out, each alone. A checker that finds nothing wrong
 * with them would be worth nothing.
 */
export const flaws = [
  /** An entry is taken whatever its `prev` says. */
  'chain unchecked',
  /** Only who holds the lease gives back what the log lost. */
  're-seed by lease holder only',
  /** A snapshot counts as complete at the head noted before its first page. */
  'no second head',
  /** A heartbeat proves the time of the read that showed it. */
  'proof is time of read',
  /** A lift ends every denial stated before it, seen or not. */
  'lift stamped now',
  /** A new snapshot replaces what is held. */
  'clear instead of union',
  /** The sidecar's feed carries only what came through the log's tail. */
  'snapshot rules not sent',
  /** A sidecar resumes any reader whose number it still has, whoever gave it. */
  'positions without feed',
  /** A sidecar passes heartbeats on with its own present instead of its proof. */
  'proof not handed on',
  /** A new log says "not found" from its first second. */
  'born whole',
  /** A sidecar that is fresh ends the restart of a log, whatever it holds of the log before. */
  'restart ended by anyone',
  /** A look-up believes a log without looking at its last heartbeat. */
  'look-up without heartbeat',
  /** A process unites the lifts of its sidecar with its own instead of taking them. */
  'process unites lifts',
  /** A cut-off primary goes on accepting writes. */
  'writes on the cut-off side',
] as const;
export type Flaw = (typeof flaws)[number];
