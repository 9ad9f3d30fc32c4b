import type { Clock } from '../../clock.ts';
import {
  type FeedBatch,
  type FeedConnection,
  type FeedEntry,
  FeedError,
  FeedGap,
  type FeedPosition,
  logTimeSample,
} from '../../log/feed.ts';
import { mayLeave, type Reader } from '../../log/reader.ts';
import { Reporter } from '../../replication/reporter.ts';
import { withTimeout } from '../../with-timeout.ts';
import type { ChangesFrame } from '../wire/frames/changes.ts';
import type { DownFrame, HeartbeatFrame, WelcomeFrame } from '../wire/frames/down.ts';
import { FrameWriter } from '../wire/frames/frame-writer.ts';
import { encodeUp } from '../wire/frames/up.ts';
import { welcomeTimeoutMs } from '../wire/stream.ts';
import { formatPosition, parsePosition } from '../wire/wire.ts';
import type { HttpClient } from './client.ts';
import { fetchSnapshot, inTurns, type Snapshot } from './snapshot.ts';
import { StreamReports } from './stream-reports.ts';
import type { StreamSocket } from './stream-socket.ts';

/**
 * A reader that follows and has had no heartbeat for this long asks for one. The sidecar may not be fresh; but a sidecar that has
 * not received `follow` closes the connection at this question, and otherwise both would wait for ever.
 */
const askAgainMs = 3000;
/** A welcome that takes longer is not awaited before the snapshot. */
const earlySnapshotMs = 500;

export interface StreamFeedOptions {
  readonly stream: StreamSocket;
  readonly client: HttpClient;
  readonly clock: Clock;
  readonly reader: Reader;
  /** 32 hex digits of this host's boot; absent where there is no such name, or the sidecar is on another host. */
  readonly bootId: string | undefined;
  /** The secret of each reader's latest welcome. */
  readonly secrets: WeakMap<Reader, string>;
  /** Whether the reader stops for good. */
  readonly isStopping: () => boolean;
}

/** One connection to a sidecar. The reader has joined; the welcome is awaited before it follows. */
export class StreamFeed implements FeedConnection {
  readonly lifts = 'take';
  readonly #options: StreamFeedOptions;
  readonly #reports: StreamReports;
  readonly #reporter: Reporter;
  readonly #writer = new FrameWriter('scratch');
  readonly #welcome: Promise<WelcomeFrame>;
  #welcomed: (welcome: WelcomeFrame) => void = () => {};
  #isWelcome = false;
  #snapshot: Snapshot | undefined;
  /** The question how old the proof is that has no answer yet. */
  #question: { readonly echo: number; readonly askedAtMs: number } | undefined;
  #questions = 0;
  /** Monotonic milliseconds of the last heartbeat, question or `follow`; undefined before `follow`. */
  #heardAtMs: number | undefined;

  constructor(options: StreamFeedOptions) {
    const { stream, clock, reader, secrets } = options;
    this.#options = options;
    this.#reports = new StreamReports(reader, (frame) => stream.send(frame));
    this.#reporter = new Reporter(clock, reader, async (_reader, position) => {
      this.#reports.report(position);
      return undefined; // the heartbeats tell the time
    });
    this.#welcome = new Promise((resolve) => {
      this.#welcomed = resolve;
    });
    stream.onFrame = (frame) => this.#take(frame);
    this.#join(secrets.get(reader));
    void stream.watch(clock, () => this.#look());
  }

  async continues({ cursor }: FeedPosition): Promise<boolean> {
    const { feed } = await this.#awaitWelcome();
    return parsePosition(cursor)?.feed === feed;
  }

  /**
   * Does not wait long for the welcome. A reader that is not counted yet gets no proof; but what a snapshot denies it may
   * deny, and while Redis is down that is more than nothing.
   */
  async position(): Promise<FeedPosition> {
    const { clock, stream } = this.#options;
    await Promise.race([this.#welcome, clock.sleep(earlySnapshotMs, stream.closed)]);
    this.#snapshot ??= await this.#fetchSnapshot();
    return this.#snapshot.position;
  }

  async *snapshot(): AsyncIterable<Uint32Array> {
    const pages = this.#snapshot?.pages ?? [];
    if (this.#snapshot !== undefined) this.#snapshot.pages = [];
    yield* inTurns(pages, this.#options.clock);
  }

  async *tail(from: FeedPosition): AsyncIterable<FeedBatch> {
    const { stream } = this.#options;
    const welcome = await this.#awaitWelcome();
    const at = parsePosition(from.cursor);
    if (at?.feed !== welcome.feed) throw new FeedGap('position_lost', 'the snapshot is of another feed');
    stream.send(encodeUp(this.#writer, { kind: 'follow', feed: at.feed, n: at.n }));
    this.#heardAtMs = this.#options.clock.monotonicMs();
    let n = at.n;
    for (;;) {
      const entries: FeedEntry[] = [];
      let proof: Omit<FeedBatch, 'entries'> = {};
      let isOver = false;
      for (const frame of await stream.next()) {
        if (frame.kind === 'changes') n = addEntries(entries, frame, { feed: at.feed, n });
        else if (frame.kind === 'heartbeat') proof = { ...proof, ...this.#proofOf(frame, n, welcome) };
        else if (frame.kind === 'goodbye') isOver = true;
      }
      yield { entries, ...proof };
      if (isOver) return;
    }
  }

  acknowledge(position: FeedPosition): void {
    this.#reporter.reached(position);
  }

  close(): void {
    const { stream, reader, isStopping } = this.#options;
    this.#reporter.close();
    // Only a reader that stops in order leaves; one that vanished is waited for until it cannot be fresh.
    if (isStopping() && mayLeave(reader)) this.#reports.leave();
    stream.close();
  }

  async #fetchSnapshot(): Promise<Snapshot> {
    const { client, clock } = this.#options;
    try {
      return await fetchSnapshot(client, clock);
    } catch (error) {
      const isStarting = !this.#isWelcome && error instanceof FeedError && error.code === 'not_ready';
      if (!isStarting) throw error;
    }
    // A sidecar that has just started welcomes its readers when it has a snapshot. A new connection would only come later.
    await this.#awaitWelcome();
    return await fetchSnapshot(client, clock);
  }

  #look(): void {
    this.#reporter.tick();
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#heardAtMs !== undefined && nowMs - this.#heardAtMs >= askAgainMs) this.#ask(nowMs);
  }

  #ask(nowMs: number): void {
    this.#questions = (this.#questions % 0xffff_ffff) + 1;
    this.#question = { echo: this.#questions, askedAtMs: nowMs };
    this.#heardAtMs = nowMs;
    this.#options.stream.send(encodeUp(this.#writer, { kind: 'ask', echo: this.#questions }));
  }

  #join(secret: string | undefined): void {
    const { stream, reader } = this.#options;
    const relay = reader.relay === true;
    const [own] = relay ? [] : reader.progress(undefined);
    const { failOpen = false, hasLookUp, maxStalenessMs = 0, label = '', issuers } = own ?? {};
    const about = { relay, failOpen, hasLookUp, maxStalenessMs, label, issuers };
    stream.send(encodeUp(this.#writer, { kind: 'join', secret, ...about }));
    this.#reports.statedIssuers = issuers;
    // Everything behind a relay is named before it can be fresh.
    if (relay) this.#reports.report(undefined);
  }

  #take(frame: DownFrame): void {
    if (frame.kind === 'answer') this.#reports.answered(frame);
    if (frame.kind !== 'welcome') return;
    const { secrets, reader } = this.#options;
    secrets.set(reader, frame.secret);
    this.#reports.feed = frame.feed;
    if (reader.relay !== true) reader.identified?.(frame.identity);
    this.#isWelcome = true;
    this.#welcomed(frame);
  }

  async #awaitWelcome(): Promise<WelcomeFrame> {
    const { stream, clock, client } = this.#options;
    const closed = new Promise<undefined>((resolve) => {
      stream.closed.addEventListener('abort', () => resolve(undefined), { once: true });
      if (stream.closed.aborted) resolve(undefined);
    });
    const settled = Promise.race([this.#welcome, closed]);
    const welcome = await withTimeout(settled, { clock, timeoutMs: welcomeTimeoutMs, late: undefined });
    if (welcome !== undefined) return welcome;
    // Says why the stream ended, if it did.
    if (stream.closed.aborted) await stream.next();
    throw new FeedError(
      'not_ready',
      `${client.source.name} has not registered this reader upstream: is its source down?`,
    );
  }

  /** A proof by order: everything before the heartbeat has been read from the same connection. */
  #proofOf(frame: HeartbeatFrame, n: number, welcome: WelcomeFrame): Omit<FeedBatch, 'entries'> {
    this.#heardAtMs = this.#options.clock.monotonicMs();
    if (frame.n !== n) throw new FeedGap('chain', `a heartbeat follows change ${frame.n}, but ${n} is held`);
    const { bootId } = this.#options;
    const { provenAtMs, heartbeatLoggedAtMs, logAtProofMs: logMs, identity } = frame;
    if (bootId !== undefined && welcome.bootId === bootId) {
      // Two clocks read at one moment by the sidecar: exact, whenever it is read here.
      const logTime = logMs === undefined ? undefined : { logMs, monotonicMs: provenAtMs, roundTripMs: 1 };
      return { provenAtMs, heartbeatLoggedAtMs, logTime, identity };
    }
    return { heartbeatLoggedAtMs, identity, ...this.#answerOf(frame) };
  }

  /** The clock of another host says nothing here: the proven time is our own time before asking, less the age. */
  #answerOf({ echo, ageMs, logAtProofMs }: HeartbeatFrame): Omit<FeedBatch, 'entries'> {
    const nowMs = this.#options.clock.monotonicMs();
    const question = this.#question;
    if (question?.echo !== echo) {
      if (question === undefined || nowMs - question.askedAtMs >= askAgainMs) this.#ask(nowMs);
      return {};
    }
    this.#question = undefined;
    const { askedAtMs } = question;
    const logTime = logAtProofMs === undefined ? undefined : logTimeSample(logAtProofMs + ageMs, askedAtMs, nowMs);
    return { provenAtMs: askedAtMs - ageMs, logTime };
  }
}

/** @returns the number of the last change that is held then. Changes that are held already are skipped. */
function addEntries(
  entries: FeedEntry[],
  { first, changes }: ChangesFrame,
  { feed, n: held }: { readonly feed: string; readonly n: number },
): number {
  if (first > held + 1) throw new FeedGap('chain', `change ${first} came, but ${held} is held`);
  let n = held;
  let prev = formatPosition({ feed, n });
  for (let index = held + 1 - first; index < changes.length; index++) {
    n += 1;
    const head = formatPosition({ feed, n });
    entries.push({ prev, head, cursor: head, change: changes[index] });
    prev = head;
  }
  return n;
}
