/**
 * Rules of the protocol that the model can leave out, each alone. A model that finds no violation without them would
 * prove nothing.
 */
export const flaws = [
  /** An entry is applied without comparing its `prev`. */
  'chain unchecked',
  /** Only the holder of the lease re-seeds what the log lost. */
  're-seed by lease holder only',
  /** A snapshot counts as complete at the head noted before its first page. */
  'no second head',
  /** A heartbeat proves the time of the read that showed it. */
  'proof is time of read',
  /** A lift ends every denial stated before it, seen or not. */
  'lift stamped now',
  /** A new snapshot replaces what is held. */
  'clear instead of union',
  /** The feed of a sidecar has only the changes that came through the tail of the log. */
  'snapshot rules not sent',
  /** A sidecar resumes a reader at a number of another feed. */
  'positions without feed',
  /** A sidecar sends the time of sending instead of its proof. */
  'proof not handed on',
  /** A new log says "not found" from its first second. */
  'born whole',
  /** Any fresh sidecar ends the restart of a log, also one that holds nothing of the log before. */
  'restart ended by anyone',
  /** A log counts as the successor of the one that was followed, although it began while that one lived. */
  'successor of any age',
  /** A look-up does not check the last heartbeat of the log. */
  'look-up without heartbeat',
  /** A process unites the lifts of its sidecar with its own instead of taking them. */
  'process unites lifts',
  /** A cut-off primary accepts writes without end. */
  'writes on the cut-off side',
  /** A lease that was dated by the faster clock of a lost primary is honoured until it ends by the slower clock. */
  'lease of a faster clock',
  /** A reader continues at its position although the log ends before it. */
  'tail from beyond the end',
  /** A reader takes over every entry with its label, not only its own. */
  'replaced by label',
  /** A reader that comes back with its secret gets a new entry, and the old one is dropped. */
  'replaced entry starts anew',
  /** The line of a sidecar speaks only for the readers behind it. */
  'sidecars not counted',
  /** The report of a relay speaks only for the readers behind it. */
  'relays not counted',
  /** A server gives proofs to a reader that has not reported. */
  'proofs to unnamed readers',
  /** A server forgets a reader when its connection ends. */
  'forgotten with its connection',
  /** A reader that acknowledges nothing is still given proofs. */
  'proofs to a silent reader',
  /** A proof is sent ahead of the changes that wait for the reader. */
  'proof overtakes changes',
  /** A reader believes a proof without comparing the change that the proof names. */
  'proof without head',
  /** A position reported under a name of the old wire counts although no stream of that name is open. */
  'legacy cursor without stream',
  /** A reader of the old wire is forgotten when its stream ends. */
  'legacy entry dropped with its stream',
  /** Positions of readers are translated with what the server read before its last snapshot. */
  'positions of another history',
  /** `enforcedEverywhere` believes a registry that a failover or a restart may have emptied. */
  'everywhere on an unsteady log',
  /** `enforcedEverywhere` does not wait for the memos of look-ups. */
  'everywhere before memos end',
  /** A server forgets that a reader makes look-ups when it forgets the reader. */
  'look-ups forgotten with their reader',
  /** A reader checks that the log reaches its position only when it starts to follow. */
  'end checked at the start alone',
  /** Now is what the clock of the log says. */
  'now by the log alone',
  /** The clock of the lease holder counts as long as it is stored. */
  'clock of the holder without its age',
  /** The clock of a lease holder counts although the publisher has the same one. */
  'clock of the holder counts twice',
  /** A denial is stamped by the clock of the log. */
  'stamps by the log alone',
  /** A lift of nothing is stamped by the latest of clocks that disagree. */
  'lift of nothing by the latest clock',
  /** A cutoff by the clock of an issuer does not count the other nodes of that issuer. */
  'issuer ignores its nodes',
  /** A cutoff by the clock of an issuer does not count the tokens that it issued before its clock was set back. */
  'issuer ignores what it stamped',
  /** The age of a line of the registry is measured by the clock of the log. */
  'age of a line by the log alone',
  /** A line that another clock dated in the future counts as a line of today. */
  'age of a line by the smaller difference',
  /** A log heals by its own clock. */
  'healing ended by a step',
  /** A log that was whole heals again when its clock is set back. */
  'healing begins again',
  /** The holder of the lease prunes by the clock of the log. */
  'pruned by the log alone',
  /** Sidecars do not compare the log with what they hold. */
  'rules not compared',
  /** A sidecar writes back what it holds until it has ended by its own clock. */
  'rules written back to the end',
  /** A sidecar compares the log with what it holds although its clock and that of the log disagree. */
  'rules compared by clocks that disagree',
  /** A long pause of the heartbeats is not noticed, and no process compares what it remembers. */
  'gap unnoticed',
  /** Every long pause leads to a restart. */
  'every gap is a loss',
  /** A process that stopped long before a pause shows that the log continues. */
  'a witness that stopped long before',
  /** The wait for a process that shows that the log continues is not dated again when the clock of the log is set back. */
  'wait dated by a faster clock',
  /** A process compares how many entries the log has, not which. */
  'a number alone is remembered',
  /** A log counts as steady while a sidecar of the last release writes its heartbeats. */
  'steady by beats of the last release',
  /** A sidecar does not compare which log it follows. */
  'logs without identity',
  /** A log that was lost is given another identity, by a sidecar that remembers none, once it is whole. */
  'lost logs named anew',
  /** Only the holder of the lease gives a log the identity that it remembers. */
  'logs named by lease holders alone',
  /** A look-up goes by the clock of the log when it decides whether a denial has ended. */
  'look-up ends denials by the log alone',
  /** The end of healing is not dated again when the clock of the log is set back. */
  'healing dated by a faster clock',
  /** The first look-up of a process compares the last heartbeat with the clock of the log alone. */
  'first look-up trusts the clock of the log',
  /** A look-up does not compare the heartbeat with the one that it saw before. */
  'look-up trusts a heartbeat that stands still',
  /** A request reads whether a process was fresh when a timer last ran. */
  'freshness flag set by a timer',
] as const;
export type Flaw = (typeof flaws)[number];
