import { type Clock, type Feed, FeedGap, type Reader, withTimeout } from '@revocast/denylist/replica';

type Connection = Awaited<ReturnType<Feed['connect']>>;

/** Longer than a process needs to notice the end of a connection and to follow again, also on a busy machine. */
const settleMs = 10_000;
/** A verifier begins to follow in the turn in which it is created. */
const joinMs = 1000;

/** The feed of the kit: it can be cut, and it counts the verifiers of this process that follow it. */
export class TestFeed implements Feed {
  readonly name = 'the test kit';
  readonly #inner: Feed;
  readonly #clock: Clock;
  /** Whether each reader has applied a batch since it connected. */
  readonly #followers = new Map<Reader, boolean>();
  readonly #waiting = new Set<() => void>();
  #cut = new AbortController();
  /** Resolves at the end of the outage. Undefined while there is none. */
  #outage: { readonly ended: Promise<void>; readonly end: () => void } | undefined;

  constructor(inner: Feed, clock: Clock) {
    this.#inner = inner;
    this.#clock = clock;
  }

  get isCut(): boolean {
    return this.#outage !== undefined;
  }

  async connect(signal: AbortSignal, reader: Reader): Promise<Connection> {
    const change = (isFollowing: boolean) => {
      if (!signal.aborted) this.#followers.set(reader, isFollowing);
      this.#changed();
    };
    const leave = () => {
      this.#followers.delete(reader);
      this.#changed();
    };
    if (!this.#followers.has(reader)) signal.addEventListener('abort', leave, { once: true });
    change(false);
    while (this.#outage !== undefined && !signal.aborted) await Promise.race([this.#outage.ended, aborted(signal)]);
    const cut = this.#cut.signal;
    const connection = await this.#inner.connect(AbortSignal.any([signal, cut]), countedReader(reader));
    const { lifts } = connection;
    return {
      lifts,
      position: () => connection.position(),
      snapshot: () => connection.snapshot(),
      async *tail(from) {
        yield* connection.tail(from);
        // A gap, because only a gap makes a replica stale at once.
        if (cut.aborted && !signal.aborted) throw new FeedGap('chain', 'the outage of the test kit began');
      },
      acknowledge(position) {
        connection.acknowledge?.(position);
        change(true);
      },
      close() {
        connection.close();
        change(false);
      },
    };
  }

  /** Resolves when no verifier of this process is fresh. */
  async cut(): Promise<void> {
    if (this.#outage === undefined) {
      let end = () => {};
      const ended = new Promise<void>((resolve) => {
        end = resolve;
      });
      this.#outage = { ended, end };
      this.#cut.abort();
    }
    const isCut = await this.#until(() => [...this.#followers.values()].every((isFollowing) => !isFollowing));
    if (!isCut) throw new Error('the outage did not begin: a verifier still follows the test kit');
  }

  /** Resolves when every verifier of this process that followed before is fresh again. */
  async recover(): Promise<void> {
    const outage = this.#outage;
    if (outage !== undefined) {
      this.#outage = undefined;
      this.#cut = new AbortController();
      outage.end();
    }
    if (!(await this.#until(() => this.#allFollow()))) throw new Error('a verifier does not follow the test kit again');
  }

  /** Resolves to whether a verifier or a server of this process follows, or begins to within a second, and all are fresh. */
  async followed(): Promise<boolean> {
    return (await this.#until(() => this.#followers.size > 0, joinMs)) && (await this.#until(() => this.#allFollow()));
  }

  #allFollow(): boolean {
    return [...this.#followers.values()].every((isFollowing) => isFollowing);
  }

  #changed(): void {
    for (const check of this.#waiting) check();
  }

  async #until(isTrue: () => boolean, timeoutMs = settleMs): Promise<boolean> {
    if (isTrue()) return true;
    let check = () => {};
    const changed = new Promise<true>((resolve) => {
      check = () => {
        if (isTrue()) resolve(true);
      };
    });
    this.#waiting.add(check);
    const limit = { clock: this.#clock, timeoutMs, late: false, keepAlive: true };
    return await withTimeout(changed, limit).finally(() => this.#waiting.delete(check));
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/**
 * A verifier with `whenUnknown: 'accept'` is not waited for, and one with a look-up for a second longer. Here both apply a
 * revocation as any other verifier does, because the log is in this process.
 */
function countedReader(reader: Reader): Reader {
  if (reader.relay === true) return reader;
  return {
    get id() {
      return reader.id;
    },
    *progress(position) {
      for (const replica of reader.progress(position)) yield { ...replica, failOpen: false, hasLookUp: false };
    },
  };
}
