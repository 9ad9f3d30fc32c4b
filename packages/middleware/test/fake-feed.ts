import { randomUUID } from 'node:crypto';
import {
  type Change,
  type DimensionValue,
  digestOf,
  type Feed,
  type FeedPosition,
  type Reader,
} from '@revocast/denylist/replica';
import type { FakeClock } from '@revocast/test-support';

const forEver = 0xffff_ffff;

/** A feed whose changes and heartbeats the test controls. */
export class FakeFeed implements Feed {
  readonly name = 'fake:';
  connections = 0;
  #reader: Reader | undefined;
  readonly #clock: FakeClock;
  readonly #maxTokenLifetimeSeconds: number;
  readonly #pending: Change[] = [];
  #wake: () => void = () => {};
  #sequence = 0;
  #beating = true;

  readonly #cutoffSkewSeconds: number | undefined;

  constructor(
    clock: FakeClock,
    {
      maxTokenLifetimeSeconds = 86_400,
      cutoffSkewSeconds = 5,
    }: { readonly maxTokenLifetimeSeconds?: number; readonly cutoffSkewSeconds?: number | 'unstated' } = {},
  ) {
    this.#clock = clock;
    this.#cutoffSkewSeconds = cutoffSkewSeconds === 'unstated' ? undefined : cutoffSkewSeconds;
    this.#maxTokenLifetimeSeconds = maxTokenLifetimeSeconds;
  }

  /** Stops the heartbeats, so that the denylist becomes stale. */
  silence(): void {
    this.#beating = false;
  }

  beat(): void {
    this.#beating = true;
    this.#wake();
  }

  deny(value: DimensionValue, times: Partial<Change> = {}): void {
    const nowMs = this.#clock.wallMs();
    this.tell({
      digest: digestOf(value),
      rule: { deniedUntil: forEver, issuedUpTo: 0, denialStamp: Math.floor(nowMs / 1000), liftedUpTo: 0 },
      loggedAtMs: nowMs,
      details: { id: randomUUID(), kind: 'revoke', dimension: value.dimension, requestedAtMs: nowMs },
      ...times,
    });
  }

  tell(change: Change): void {
    this.#pending.push(change);
    this.#wake();
  }

  /** What this process reports to the log about itself. */
  get reported() {
    const [own] = this.#reader?.progress(undefined) ?? [];
    return own;
  }

  async connect(signal: AbortSignal, reader?: Reader): ReturnType<Feed['connect']> {
    this.connections += 1;
    this.#reader = reader;
    const position = (): FeedPosition => ({
      epoch: 'e',
      head: String(this.#sequence),
      cursor: '0',
      healing: false,
      maxTokenLifetimeSeconds: this.#maxTokenLifetimeSeconds,
      cutoffSkewSeconds: this.#cutoffSkewSeconds,
      minReader: 1,
      logTime: { logMs: this.#clock.wallMs(), monotonicMs: this.#clock.monotonicMs(), roundTripMs: 0 },
    });
    const clock = this.#clock;
    const take = () => {
      const entries = this.#pending.splice(0).map((change) => {
        const prev = String(this.#sequence);
        this.#sequence += 1;
        return { prev, head: String(this.#sequence), cursor: '0', change };
      });
      const proof = this.#beating ? { provenAtMs: clock.monotonicMs(), heartbeatLoggedAtMs: clock.wallMs() } : {};
      return { entries, ...proof };
    };
    const changed = () =>
      new Promise<void>((resolve) => {
        this.#wake = resolve;
        void clock.sleep(500, signal).then(resolve);
      });
    return {
      lifts: 'union',
      position: async () => position(),
      async *snapshot() {},
      async *tail() {
        while (!signal.aborted) {
          yield take();
          await changed();
        }
      },
      acknowledge() {},
      close() {},
    };
  }
}
