import { type Clock, FeedError, type UsageStore } from '@revocast/denylist/replica';
import { type SeenToken, SeenTokens } from './seen-tokens.ts';

export const usageReportMs = 10_000;

/** The outcome of a report. */
export type ReportResult = 'sent' | 'refused' | 'failed';

export interface UsageReporterOptions {
  readonly clock: Clock;
  /** Resolves to undefined for a feed that takes no reports, because it is not a sidecar. */
  readonly open: () => Promise<UsageStore | undefined>;
}

/**
 * Reports to the sidecar every ten seconds which subjects and tokens this process has seen. No request and no feed waits for
 * it: a report that cannot be sent is dropped and counted.
 */
export class UsageReporter {
  readonly #seen = new SeenTokens();
  readonly #clock: Clock;
  readonly #listeners = new Map<object, (result: ReportResult) => void>();
  readonly #stop = new AbortController();
  #store: UsageStore | undefined;
  /** No report will be sent: nothing is added. */
  #isOff = false;

  constructor({ clock, open }: UsageReporterOptions) {
    this.#clock = clock;
    void this.#run(open);
  }

  /** @returns false when the next report is full. */
  see(token: SeenToken, nowMs: number): boolean {
    return this.#isOff || this.#seen.see(token, nowMs);
  }

  /** @param owner of the listener: each owner has one. */
  onResult(owner: object, listener: (result: ReportResult) => void): void {
    this.#listeners.set(owner, listener);
  }

  /** What was seen since the last report is not sent. */
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
      // The feed logs that it cannot be opened.
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
    // A sidecar that does not count refuses every report, so that it need not be sent again.
    return error instanceof FeedError && error.code === 'refused' ? 'refused' : 'failed';
  }
}
