import type { Clock } from '../../clock.ts';
import { broadLimitOf, countBroadRule, tooManyBroadRules } from '../../log/broad-rules.ts';
import {
  countEnforcement,
  type Enforcement,
  judgeIssuerTrust,
  nothingKnown,
  type ReplicaStanding,
} from '../../log/enforcement.ts';
import { type Feed, type FeedBatch, type FeedConnection, FeedGap, type FeedPosition } from '../../log/feed.ts';
import { denialOf, liftedBy, loggedDetails, noLongerKept, unknownId } from '../../log/logged-denial.ts';
import { active, type LookUp, type Verdict } from '../../log/look-up.ts';
import type { Reader, ReplicaProgress } from '../../log/reader.ts';
import {
  type Appended,
  type AppendedAt,
  type AppendRequest,
  idConflict,
  type LoggedDenial,
  type LostRule,
  type Restored,
  type RevocationLog,
  refusedStatement,
  wrongLog,
} from '../../log/revocation-log.ts';
import { defaultMaxStalenessMs } from '../../replication/max-staleness.ts';
import type { DigestSet } from '../../rules/digest.ts';
import { cutoffSkewSeconds, defaultMaxTokenLifetimeSeconds, denies, emptyRule, sameRule } from '../../rules/rule.ts';
import { applyStatement, fingerprintOf } from '../../rules/statement.ts';
import { BatchQueue } from './batch-queue.ts';
import { Journal } from './journal.ts';
import { emptyState, type LogState, Staging, type StoredEntry } from './log-state.ts';

/** Makes entries durable before they are in force. */
export interface LogStore {
  /** Resolves when all of them are durable. @throws LogError `unavailable` (none is durable) or `outcome_unknown`. */
  write(entries: readonly StoredEntry[]): Promise<void>;
}

interface EmbeddedLogOptions {
  readonly clock: Clock;
  /** Identifies this history: 16 hex digits, random. */
  readonly epoch: string;
  /** Changes kept for readers that resume; default 10,000. */
  readonly journalEntries?: number;
  /** Seconds, default 86,400. */
  readonly maxTokenLifetimeSeconds?: number;
  /** Default `memory:`. */
  readonly name?: string;
  /** Without a store an entry is in force at once, and lost when the process ends. */
  readonly store?: LogStore;
  /** The content of the store. The log changes it. Default: empty. */
  readonly state?: LogState;
  /** Milliseconds for which the log answers "unknown", because entries may be missing; default 0. */
  readonly healingMs?: number;
  /** Monotonic time at which this process was last known to be the only one that writes the store. Default: always now. */
  readonly provenAtMs?: () => number;
}

const dayMs = 86_400_000;
/** Entries made durable with one write. */
const batchEntries = 64;

interface Waiting {
  readonly request: AppendRequest;
  resolve(appended: Appended): void;
  reject(error: unknown): void;
}

/**
 * The revocation log of one process: for tests, for development, and for one node without Redis. It has the same rules
 * and ports as the log in Redis, in memory or with a store.
 */
export class EmbeddedLog {
  readonly log: RevocationLog;
  readonly feed: Feed;
  readonly lookUp: LookUp;
  readonly #clock: Clock;
  readonly #maxTokenLifetimeSeconds: number;
  readonly #state: LogState;
  readonly #journal: Journal;
  /** The readers that are connected, and the position up to which each has applied the log. */
  readonly #readers = new Map<Reader, FeedPosition | undefined>();
  /** Undefined for a log in a file, whose epoch changes at a crash. */
  readonly #identity: string | undefined;
  readonly #provenAtMs: () => number;
  #healsAtMs: number;

  constructor({ clock, epoch, journalEntries = 10_000, name = 'memory:', store, ...options }: EmbeddedLogOptions) {
    const { state = emptyState(), maxTokenLifetimeSeconds = defaultMaxTokenLifetimeSeconds, healingMs = 0 } = options;
    this.#clock = clock;
    this.#maxTokenLifetimeSeconds = maxTokenLifetimeSeconds;
    this.#state = state;
    this.#identity = store === undefined ? epoch : undefined;
    this.#provenAtMs = () => Math.min(clock.monotonicMs(), options.provenAtMs?.() ?? Number.POSITIVE_INFINITY);
    this.#journal = new Journal(epoch, state.seq, journalEntries);
    this.#healsAtMs = clock.monotonicMs() + healingMs;
    const queue = store && new BatchQueue<Waiting>(batchEntries, (batch) => this.#appendDurably(batch, store));
    this.log = {
      append: (request) =>
        new Promise((resolve, reject) => {
          if (queue === undefined) resolve(this.#appendNow(request));
          else queue.add({ request, resolve, reject });
        }),
      restore: (rules) => this.#restore(rules),
      denial: async (id, liftId) => this.#denial(id, liftId),
      enforcement: async (appended) => this.#enforcement(appended),
      close: async () => await queue?.drained(),
    };
    this.feed = { name, connect: async (signal, reader) => this.#connect(signal, reader) };
    this.lookUp = { find: async (digests, issuedAt) => this.#find(digests, issuedAt), close: async () => {} };
  }

  /** Milliseconds until the healing ends; 0 when the log is not healing. */
  healingMs(): number {
    return Math.max(0, Math.ceil(this.#healsAtMs - this.#clock.monotonicMs()));
  }

  /** Ends the healing early. */
  declareWhole(): 'healed' | 'whole' {
    const outcome = this.#isHealing() ? 'healed' : 'whole';
    this.#healsAtMs = this.#clock.monotonicMs();
    return outcome;
  }

  /** Adds the entry of a request to the staging. @throws LogError for a request that the log refuses. */
  #decide(request: AppendRequest, staging: Staging): Appended {
    const { digest, statement, details, expectLog } = request;
    if (expectLog !== undefined && expectLog !== this.#identity) throw wrongLog(expectLog, this.#identity ?? '');
    const now = this.#clock.wallMs();
    const isSeed = statement.kind === 'seed';
    const known = isSeed ? undefined : staging.knownId(details.id);
    const fingerprint = fingerprintOf(digest, statement);
    if (known !== undefined) {
      if (known.fingerprint !== undefined && known.fingerprint !== fingerprint) throw idConflict();
      return this.#appended(known.seq, known.loggedAtMs, true);
    }
    const held = staging.rule(digest) ?? emptyRule;
    const rule = applyStatement(held, statement, {
      nowSeconds: Math.floor(now / 1000),
      maxTokenLifetimeSeconds: this.#maxTokenLifetimeSeconds,
    });
    if (typeof rule === 'string') throw refusedStatement(rule, statement, { logMs: now });
    if (isSeed && sameRule(held, rule)) return this.#appended(staging.seq, now, false);
    const limit = broadLimitOf(request);
    if (limit !== undefined) {
      const counted = countBroadRule(staging.broad, limit, now);
      if (typeof counted === 'number') throw tooManyBroadRules(limit, counted);
      staging.broad = counted;
    }
    const change = {
      digest: digest.slice(),
      rule,
      loggedAtMs: now,
      details: loggedDetails(request),
    };
    return this.#appended(staging.add({ change, id: isSeed ? undefined : details.id, fingerprint }), now, false);
  }

  /** Puts the staged entries in force. */
  #apply({ entries, broad }: Staging): void {
    const { table, ids } = this.#state;
    this.#state.broad = broad;
    if (entries.length === 0) return;
    for (const { seq, change, id, fingerprint } of entries) {
      table.set(change.digest, change.rule);
      this.#state.seq = seq;
      if (id === undefined) continue;
      ids.set(id, { seq, loggedAtMs: change.loggedAtMs, fingerprint });
      for (const [old, { loggedAtMs }] of ids) {
        if (change.loggedAtMs - loggedAtMs <= dayMs) break;
        ids.delete(old);
      }
    }
    this.#journal.add(entries);
  }

  /** In one step, so that the revocation is in force before anything else happens. */
  #appendNow(request: AppendRequest): Appended {
    const staging = new Staging(this.#state);
    const appended = this.#decide(request, staging);
    this.#apply(staging);
    return appended;
  }

  async #appendDurably(batch: readonly Waiting[], store: LogStore): Promise<void> {
    const staging = new Staging(this.#state);
    const decided: (Waiting & { readonly appended: Appended })[] = [];
    for (const waiting of batch) {
      try {
        decided.push({ ...waiting, appended: this.#decide(waiting.request, staging) });
      } catch (error) {
        waiting.reject(error); // refused; the other requests of the batch are not affected
      }
    }
    try {
      if (staging.entries.length > 0) await store.write(staging.entries);
    } catch (error) {
      for (const { reject } of decided) reject(error);
      return;
    }
    this.#apply(staging);
    for (const { resolve, appended } of decided) resolve(appended);
  }

  #appended(seq: number, loggedAtMs: number, repeated: boolean): Appended {
    const { epoch } = this.#journal;
    const head = this.#journal.headAt(seq);
    const identity = this.#identity;
    const place = { epoch, head, cursor: String(seq) };
    return { ...place, loggedAtMs, redisReplicas: 0, evictionPolicy: 'safe', repeated, identity };
  }

  async #restore(rules: readonly LostRule[]): Promise<Restored> {
    const before = this.#state.seq;
    await Promise.all(
      rules.map(({ digest, rule }) =>
        this.log.append({ digest, statement: { kind: 'seed', rule }, details: { id: 'reseed', kind: 'reseed' } }),
      ),
    );
    return { restored: this.#state.seq - before, refused: 0 };
  }

  #denial(id: string, liftId?: string): LoggedDenial {
    const eventOf = (key: string) => {
      const known = this.#state.ids.get(key);
      return known && { change: this.#journal.changeAt(known.seq) };
    };
    const lifted = liftId === undefined ? undefined : liftedBy(eventOf(liftId)?.change);
    if (lifted !== undefined) return lifted;
    const found = eventOf(id);
    if (found === undefined) throw unknownId();
    const { change } = found;
    if (change === undefined) throw noLongerKept();
    return denialOf(change);
  }

  /** Readers and log are in one process, so no reader is ever unreachable. */
  #enforcement({ epoch, cursor, issuer }: AppendedAt & { readonly issuer?: string }): Enforcement {
    if (epoch !== this.#journal.epoch) return nothingKnown;
    const standingOf = (replica: ReplicaProgress): ReplicaStanding => ({
      replica,
      applied: replica.cursor !== undefined && Number(replica.cursor) >= Number(cursor) ? 'yes' : 'no',
      silentMs: 0,
    });
    const readers = Array.from(this.#readers, ([reader, position]) =>
      Array.from(reader.progress(position), standingOf),
    );
    const counted = countEnforcement(readers.flat());
    const issuerTrustedBy = judgeIssuerTrust({ issuer, isComplete: true }, readers);
    // A look-up reads the same memory as the readers, which are never stale.
    return { ...counted, mayRememberLookUp: false, issuerTrustedBy };
  }

  #find({ dimensions, words }: DigestSet, issuedAt: number): Verdict {
    const nowSeconds = Math.floor(this.#clock.wallMs() / 1000);
    for (const [index, dimension] of dimensions.entries()) {
      const rule = this.#state.table.get(words.subarray(index * 4, index * 4 + 4));
      if (rule !== undefined && denies(rule, issuedAt, nowSeconds)) return { verdict: 'revoked', dimension };
    }
    if (this.#isHealing()) return { verdict: 'unknown', cause: 'healing' };
    const isRecent = this.#clock.monotonicMs() - this.#provenAtMs() <= defaultMaxStalenessMs;
    return isRecent ? active : { verdict: 'unknown', cause: 'log_stale' };
  }

  #isHealing(): boolean {
    return this.healingMs() > 0;
  }

  #connect(signal: AbortSignal, reader: Reader): FeedConnection {
    const closed = new AbortController();
    const ended = AbortSignal.any([signal, closed.signal]);
    this.#readers.set(reader, undefined);
    // Reader and log are in one process: `enforcement` reads the progress of the reader itself.
    const accept = () => reader.accepted?.(reader.revision ?? 0);
    const stopAccepting = reader.onProgress?.(accept);
    accept();
    return {
      lifts: 'union',
      position: async () => this.#position(),
      snapshot: () => this.#snapshot(),
      tail: (from) => this.#tail(from, ended),
      acknowledge: (reached) => void this.#readers.set(reader, reached),
      close: () => {
        closed.abort();
        stopAccepting?.();
        this.#readers.delete(reader);
      },
    };
  }

  #position(): FeedPosition {
    const { epoch, seq } = this.#journal;
    return {
      epoch,
      identity: this.#identity,
      head: this.#journal.headAt(seq),
      cursor: String(seq),
      healing: this.#isHealing(),
      maxTokenLifetimeSeconds: this.#maxTokenLifetimeSeconds,
      cutoffSkewSeconds,
      minReader: 1,
      logTime: { logMs: this.#clock.wallMs(), monotonicMs: this.#clock.monotonicMs(), roundTripMs: 0 },
    };
  }

  async *#snapshot(): AsyncIterable<Uint32Array> {
    yield* this.#state.table.snapshot().chunks();
  }

  async *#tail({ epoch, cursor }: FeedPosition, ended: AbortSignal): AsyncIterable<FeedBatch> {
    const clock = this.#clock;
    const journal = this.#journal;
    if (epoch !== journal.epoch) throw new FeedGap('epoch', 'the position is of another embedded log');
    let read = Number(cursor);
    while (!ended.aborted) {
      const entries = journal.after(read);
      read = journal.seq;
      // Reader and log share one thread, so these entries are all that there are.
      const provenAtMs = this.#provenAtMs();
      yield { entries, provenAtMs, heartbeatLoggedAtMs: clock.wallMs(), healing: this.#isHealing() };
      if (read === journal.seq) await journal.nextEntry(clock, ended);
    }
  }
}
