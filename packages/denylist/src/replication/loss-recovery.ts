/**
 * Whether this replica holds all that the log before the present one had acknowledged: then, once that is given back, it
 * may end the restart of the log. Freshness alone does not tell: a replica that has become fresh since holds only what
 * the new log holds.
 */
export class LossRecovery {
  #holdsAll = false;
  /** The log that came after the one that was lost; undefined until it has been seen. */
  #successor: string | undefined;

  /**
   * A hole was noticed.
   *
   * @param wasWhole this replica was fresh at that moment, and no restart was in force that it could not answer for.
   * @param recovering it had not yet recovered from the hole before, so whether it is a witness was decided then.
   */
  noticed(wasWhole: boolean, recovering: boolean): void {
    if (recovering && !wasWhole) return;
    this.#holdsAll = wasWhole;
    this.#successor = undefined;
  }

  /** A snapshot of this log is being read. Of a second log since the hole it has seen nothing: that is another loss. */
  reads(epoch: string): void {
    if (this.#successor !== undefined && this.#successor !== epoch) this.#holdsAll = false;
    this.#successor = epoch;
  }

  get holdsAll(): boolean {
    return this.#holdsAll;
  }
}
