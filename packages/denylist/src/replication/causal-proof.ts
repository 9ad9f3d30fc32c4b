/**
 * What a heartbeat proves to a reader of the log.
 *
 * A heartbeat in the log was written after *the last read on this connection that reached the end and did not return
 * it*. So it proves completeness up to the monotonic time just before that read, and the first read proves nothing. The
 * time of the read that returned it proves nothing: a heartbeat deep in a backlog, or in the stream of a primary that
 * was cut off, may be old. Only the reader's own clock is used.
 */
export class CausalProof {
  #lastEndBeforeMs: number | undefined;

  /**
   * @param sentAtMs monotonic time just before the read was sent.
   * @param reachedEnd the reply contained everything up to the end of the log.
   * @param showedHeartbeat the reply contained at least one heartbeat.
   * @returns the time up to which this read proves completeness, if any.
   */
  afterRead(sentAtMs: number, reachedEnd: boolean, showedHeartbeat: boolean): number | undefined {
    const proven = showedHeartbeat ? this.#lastEndBeforeMs : undefined;
    if (reachedEnd) this.#lastEndBeforeMs = sentAtMs;
    return proven;
  }
}
