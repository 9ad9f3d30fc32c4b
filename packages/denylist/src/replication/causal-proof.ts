/**
 * What a heartbeat proves to a reader of the log.
 *
 * A heartbeat found in the log was written after *the last read on this connection that reached the end and did not
 * show it*. So it proves the monotonic time just before that read, and the first read proves nothing. Crediting it
 * with the time of the read that showed it would let heartbeats deep in a backlog, or in the stream of a cut-off
 * primary, vouch for a present they know nothing of. No clock but the reader's own is involved.
 */
export class CausalProof {
  #lastEndBeforeMs: number | undefined;

  /**
   * @param sentAtMs monotonic time just before the read was sent.
   * @param reachedEnd the reply held everything that was there.
   * @param showedHeartbeat the reply held at least one heartbeat.
   * @returns the time proven by this read, if any.
   */
  afterRead(sentAtMs: number, reachedEnd: boolean, showedHeartbeat: boolean): number | undefined {
    const proven = showedHeartbeat ? this.#lastEndBeforeMs : undefined;
    if (reachedEnd) this.#lastEndBeforeMs = sentAtMs;
    return proven;
  }
}
