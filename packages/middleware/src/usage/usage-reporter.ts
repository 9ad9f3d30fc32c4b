import { type Clock, FeedError, type UsageStore } from '@revocast/denylist/replica';
import { type SeenToken, SeenTokens } from './seen-tokens.ts';

export const usageReportMs = 10_000;

/** What became of a report. */
export type ReportResult = 'sent' | 'refused' | 'failed';

export interface UsageReporterOptions {
  readonly clock: Clock;
  /** Undefined where nobody takes reports: a feed that is no sidecar. */
  readonly open: () => Promise<UsageStore | undefined>;
}

/**
 * Tells the sidecar every ten seconds whom and what this process has seen. Beside the requests and beside the feed: a
 * report that cannot be sent is dropped and counted, and neither waits for it.
 */
export class UsageReporter {
  readonly #seen = new SeenTokens();
  readonly #clock: Clock;
  readonly #listeners = new Map<object, (result: ReportResult) => void>();
  readonly #stop = new AbortController();
  #store: UsageStore | undefined;
  /** Nobody will ever be told: nothing is put down. */
  #isOff = false;

  constructor({ clock, open }: UsageReporterOptions) {
    this.#clock = clock;
    void this.#run(open);
  }

  /** @returns false when there was no room for the token in the next report. */
  see(token: SeenToken, nowMs: number): boolean {
    return this.#isOff || this.#seen.see(token, nowMs);
  }

  /** @param owner who counts: one of them is told once. */
  onResult(owner: object, listener: (result: ReportResult) => void): void {
    this.#listeners.set(owner, listener);
  }

  /** What was seen since the last report is not told any more. */
  close(): void {
    this.#isOff = true;
    this.#stop.abort();
    this.#store?.close();
  }

  async #run(open: UsageReporterOptions['open']): Promise<void> {
    const { signal } = this.#stop;
    try {
      this.#store = await open();
    } catch {
      // A feed that cannot be opened says so itself.
    }
    if (this.#store === undefined) this.#isOff = true;
    if (signal.aborted) this.#store?.close();
    while (this.#store !== undefined && !signal.aborted) {
      await this.#clock.sleep(usageReportMs, signal);
      if (!signal.aborted) await this.#report(this.#store);
    }
  }

  async #report(store: UsageStore): Promise<void> {
    const report = this.#seen.take();
    if (report === undefined) return;
    const result = await add(store, report, this.#clock.wallMs());
    if (result === 'failed') this.#seen.startRound();
    for (const listener of this.#listeners.values()) listener(result);
  }
}

async function add(store: UsageStore, ...report: Parameters<UsageStore['add']>): Promise<ReportResult> {
  try {
    await store.add(...report);
    return 'sent';
  } catch (error) {
    // Who counts none will count none the next time either.
    return error instanceof FeedError && error.code === 'refused' ? 'refused' : 'failed';
  }
}
