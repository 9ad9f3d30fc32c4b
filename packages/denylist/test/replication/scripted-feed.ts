import { rowBytes, viewOf, wordsOfRows, writeRule } from '../../src/codec/rows.ts';
import type { Feed, FeedBatch, FeedConnection, FeedEntry, FeedPosition } from '../../src/log/feed.ts';
import type { Reader } from '../../src/log/reader.ts';
import { type Digest, digestToBytes } from '../../src/rules/digest.ts';
import type { Change } from '../../src/rules/event.ts';
import { emptyRule, mergeRules, type Rule } from '../../src/rules/rule.ts';

/** A reader that speaks for nobody. */
export const reader: Reader = { id: 'reader', progress: () => [] };

/** One connection as the code under test sees it; the test decides what its tail brings and when it breaks. */
export class ScriptedConnection {
  /** Where the tail was asked to begin; undefined before. */
  tailFrom: FeedPosition | undefined;
  closed = false;
  readonly #queue: (FeedBatch | Error)[] = [];
  #wake: (() => void) | undefined;

  deliver(batch: FeedBatch): void {
    this.#put(batch);
  }

  fail(error: Error): void {
    this.#put(error);
  }

  async *read(from: FeedPosition): AsyncIterable<FeedBatch> {
    this.tailFrom = from;
    for (;;) {
      const next = this.#queue.shift();
      if (next instanceof Error) throw next;
      if (next !== undefined) yield next;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #put(item: FeedBatch | Error): void {
    this.#queue.push(item);
    this.#wake?.();
  }
}

/** A log that the test writes, loses and replaces, behind connections that it holds in its hands. */
export class ScriptedFeed implements Feed {
  readonly name = 'scripted';
  readonly connections: ScriptedConnection[] = [];
  /** Errors for the next attempts to connect. */
  readonly refusals: Error[] = [];
  lifts: 'union' | 'take' = 'union';
  epoch = 'e1';
  healing = false;
  minReader = 1;
  maxTokenLifetimeSeconds = 86_400;
  snapshots = 0;
  /** Runs after the page of a snapshot was read and before the head is noted again. */
  afterPage: () => void | Promise<void> = () => {};
  #written = 0;
  #lineage = 0;
  #head = 'h0.0';
  #rules = new Map<string, { digest: Digest; rule: Rule }>();

  get latest(): ScriptedConnection {
    const connection = this.connections.at(-1);
    if (connection === undefined) throw new Error('nobody has connected');
    return connection;
  }

  /** Writes an entry: a change of a rule, or a heartbeat. */
  write(change?: Change): FeedEntry {
    if (change !== undefined) this.hold(change.digest, change.rule);
    const prev = this.#head;
    this.#written += 1;
    this.#head = `h${this.#lineage}.${this.#written}`;
    return { prev, head: this.#head, cursor: String(this.#written), change };
  }

  /** Puts a rule there as if it had been written long ago. */
  hold(digest: Digest, rule: Rule): void {
    const held = this.#rules.get(digest.join()) ?? { digest, rule: emptyRule };
    this.#rules.set(digest.join(), { digest, rule: mergeRules(held.rule, rule) });
  }

  /** Loses everything and begins another history. */
  flush(epoch: string): void {
    this.#rules.clear();
    this.epoch = epoch;
    this.#written = 0;
    this.#lineage += 1;
    this.#head = `h${this.#lineage}.0`;
  }

  position(): FeedPosition {
    const { epoch, healing, maxTokenLifetimeSeconds, minReader } = this;
    return { epoch, head: this.#head, cursor: String(this.#written), healing, maxTokenLifetimeSeconds, minReader };
  }

  async connect(): Promise<FeedConnection> {
    const refusal = this.refusals.shift();
    if (refusal !== undefined) throw refusal;
    const connection = new ScriptedConnection();
    this.connections.push(connection);
    const takeSnapshot = this.#snapshot.bind(this);
    return {
      lifts: this.lifts,
      position: async () => this.position(),
      snapshot: takeSnapshot,
      tail: (from) => connection.read(from),
      acknowledge: () => {},
      close: () => {
        connection.closed = true;
      },
    };
  }

  async *#snapshot(): AsyncIterable<Uint32Array> {
    this.snapshots += 1;
    const rules = [...this.#rules.values()];
    const page = new Uint8Array(rules.length * rowBytes);
    rules.forEach(({ digest, rule }, index) => {
      page.set(digestToBytes(digest), index * rowBytes);
      writeRule(viewOf(page), index * rowBytes + 16, rule);
    });
    yield wordsOfRows(page);
    await this.afterPage();
  }
}
