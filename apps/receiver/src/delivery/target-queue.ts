/** Runs tasks that share a target one after another, in the order in which they were added; all others at the same time. */
export class TargetQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Adds a task at once, before this call returns. @param targets those that no other task may touch meanwhile. */
  async run<Result>(targets: readonly string[], task: () => Promise<Result>): Promise<Result> {
    const before = targets.map((target) => this.#last.get(target));
    // The caller of an earlier task handles its failure.
    const result = Promise.all(before.map((each) => each?.catch(() => undefined))).then(task);
    for (const target of targets) this.#last.set(target, result);
    try {
      return await result;
    } finally {
      for (const target of targets) if (this.#last.get(target) === result) this.#last.delete(target);
    }
  }
}
