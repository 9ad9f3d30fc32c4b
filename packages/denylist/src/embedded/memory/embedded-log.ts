import type { Clock } from '../../clock.ts';
import { bytesOfRows } from '../../codec/rows.ts';
import { broadLimitOf, countBroadRule, tooManyBroadRules } from '../../log/broad-rules.ts';
import { countEnforcement, type Enforcement, nothingKnown } from '../../log/enforcement.ts';
import {
  type Feed,
  type FeedBatch,
  type FeedConnection,
  type FeedEntry,
  FeedGap,
  type FeedPosition,
} from '../../log/feed.ts';
import { denialOf, loggedDetails, noLongerKept, unknownId } from '../../log/logged-denial.ts';
import { active, type LookUp, type Verdict } from '../../log/look-up.ts';
import type { Reader } from '../../log/reader.ts';
import {
  type Appended,
  type AppendedAt,
  type AppendRequest,
  LogError,
  type RevocationLog,
} from '../../log/revocation-log.ts';
import type { DigestSet } from '../../rules/digest.ts';
import { defaultMaxTokenLifetimeSeconds, denies, emptyRule, sameRule } from '../../rules/rule.ts';
import { applyStatement } from '../../rules/statement.ts';
import { emptyState, type LogState, Staging, type StoredEntry } from './log-state.ts';

export interface EmbeddedLog {
  readonly log: RevocationLog;
  readonly feed: Feed;
  readonly lookUp: LookUp;
  /** Milliseconds that it has still to heal; 0 when it is whole. */
  healingMs(): number;
  /** Ends a healing early. */
  declareWhole(): 'healed' | 'whole';
}

/** Where entries are made durable before they are in force. */
export interface LogStore {
  /** Resolves once all of them are safe. @throws LogError `unavailable` (none is) or `outcome_unknown`. */
  write(entries: readonly StoredEntry[]): Promise<void>;
}

export interface EmbeddedLogOptions {
  readonly clock: Clock;
  /** Names this history: 16 hex digits, random. */
  readonly epoch: string;
  /** Changes kept for readers that resume; default 10,000. */
  readonly journalEntries?: number;
  /** Seconds, default 86,400. */
  readonly maxTokenLifetimeSeconds?: number;
  /** Default `memory:`. */
  readonly name?: string;
  /** Without one an entry is in force at once and gone with the process. */
  readonly store?: LogStore;
  /** What the store holds; the log writes to it. */
  readonly state?: LogState;
  /** Milliseconds for which the log says neither yes nor no, because something may be missing; default 0. */
  readonly healingMs?: number;
}

/** A tail is woken at least this often, to be told that nothing happened. */
const beatMs = 500;
const dayMs = 86_400_000;
/** Entries made durable with one write. */
const batchEntries = 64;

/**
 * The revocation log of one process: for tests, for development, and for one node without Redis. The same rules, the
 * same ports; in memory, or with a store behind it.
 */
export function createEmbeddedLog(options: EmbeddedLogOptions): EmbeddedLog {
  const { clock, epoch, journalEntries = 10_000, maxTokenLifetimeSeconds = defaultMaxTokenLifetimeSeconds } = options;
  const { name = 'memory:', store, state = emptyState() } = options;
  const { table, ids } = state;
  let healsAtMs = clock.monotonicMs() + (options.healingMs ?? 0);
  const journal: FeedEntry[] = [];
  const wakeUps = new Set<() => void>();
  const readers = new Map<Reader, FeedPosition | undefined>();
  const headAt = (n: number) => `${epoch}.${n}`;
  const healingMs = () => Math.max(0, Math.ceil(healsAtMs - clock.monotonicMs()));
  const isHealing = () => healingMs() > 0;

  const appendedAt = (seq: number, loggedAtMs: number, repeated: boolean): Appended => ({
    epoch,
    head: headAt(seq),
    cursor: String(seq),
    loggedAtMs,
    redisReplicas: 0,
    repeated,
  });

  /** What a request comes to, beside what is held and staged; nothing is changed but the staging. */
  const decide = (request: AppendRequest, staging: Staging): Appended => {
    const { digest, statement, details } = request;
    const now = clock.wallMs();
    const known = statement.kind === 'seed' ? undefined : staging.knownId(details.id);
    if (known !== undefined) return appendedAt(known.seq, known.loggedAtMs, true);
    const held = staging.rule(digest) ?? emptyRule;
    const rule = applyStatement(held, statement, { nowSeconds: Math.floor(now / 1000), maxTokenLifetimeSeconds });
    if (rule === 'cutoff_in_future') {
      throw new LogError(
        'refused',
        'issuedUpTo is more than 60 s ahead of the log: expected claim seconds of the issuer',
      );
    }
    if (statement.kind === 'seed' && sameRule(held, rule)) return appendedAt(staging.seq, now, false);
    const limit = broadLimitOf(request);
    if (limit !== undefined) {
      const counted = countBroadRule(staging.broad, limit, now);
      if (typeof counted === 'number') throw tooManyBroadRules(limit, counted);
      staging.broad = counted;
    }
    const change = { digest: digest.slice(), rule, loggedAtMs: now, details: loggedDetails(request) };
    const seq = staging.add(change, statement.kind === 'seed' ? undefined : details.id);
    return appendedAt(seq, now, false);
  };

  const apply = ({ entries, broad }: Staging): void => {
    state.broad = broad;
    for (const { seq, change, id } of entries) {
      table.set(change.digest, change.rule);
      state.seq = seq;
      journal.push({ prev: headAt(seq - 1), head: headAt(seq), cursor: String(seq), change });
      if (journal.length > journalEntries) journal.shift();
      if (id === undefined) continue;
      ids.set(id, { seq, loggedAtMs: change.loggedAtMs });
      for (const [old, { loggedAtMs }] of ids) {
        if (change.loggedAtMs - loggedAtMs <= dayMs) break;
        ids.delete(old);
      }
    }
    if (entries.length > 0) for (const wake of wakeUps) wake();
  };

  const appendNow = (request: AppendRequest): Appended => {
    const staging = new Staging(state);
    const appended = decide(request, staging);
    apply(staging);
    return appended;
  };

  interface Waiting {
    readonly request: AppendRequest;
    resolve(appended: Appended): void;
    reject(error: unknown): void;
  }
  const queue: Waiting[] = [];
  let draining: Promise<void> = Promise.resolve();
  let isDraining = false;

  /** Those that wait while a write is under way share the next one. */
  const drain = async (to: LogStore): Promise<void> => {
    isDraining = true;
    while (queue.length > 0) {
      const staging = new Staging(state);
      const settle: (() => void)[] = [];
      const fail: ((error: unknown) => void)[] = [];
      for (const { request, resolve, reject } of queue.splice(0, batchEntries)) {
        try {
          const appended = decide(request, staging);
          settle.push(() => resolve(appended));
          fail.push(reject);
        } catch (error) {
          reject(error); // refused: the others go on
        }
      }
      try {
        if (staging.entries.length > 0) await to.write(staging.entries);
      } catch (error) {
        for (const reject of fail) reject(error);
        continue;
      }
      apply(staging);
      for (const resolve of settle) resolve();
    }
    isDraining = false;
  };
  const appendDurably = (request: AppendRequest, to: LogStore): Promise<Appended> => {
    const answer = new Promise<Appended>((resolve, reject) => queue.push({ request, resolve, reject }));
    if (!isDraining) draining = drain(to);
    return answer;
  };

  const position = (): FeedPosition => ({
    epoch,
    head: headAt(state.seq),
    cursor: String(state.seq),
    healing: isHealing(),
    maxTokenLifetimeSeconds,
    minReader: 1,
    logTime: { logMs: clock.wallMs(), monotonicMs: clock.monotonicMs(), roundTripMs: 0 },
  });

  const entriesAfter = (n: number): FeedEntry[] => {
    const missing = state.seq - n;
    if (missing < 0 || missing > journal.length)
      throw new FeedGap('position_lost', 'the embedded log no longer has it');
    return missing === 0 ? [] : journal.slice(-missing);
  };

  const connect = (signal: AbortSignal, reader: Reader): FeedConnection => {
    const closed = new AbortController();
    readers.set(reader, undefined);
    const ended = AbortSignal.any([signal, closed.signal]);
    return {
      lifts: 'union',
      position: async () => position(),
      async *snapshot() {
        for (const words of table.snapshot().chunks()) yield bytesOfRows(words);
      },
      async *tail(from): AsyncIterable<FeedBatch> {
        if (from.epoch !== epoch) throw new FeedGap('epoch', 'another embedded log');
        let read = Number(from.cursor);
        while (!ended.aborted) {
          const entries = entriesAfter(read);
          read = state.seq;
          // Reader and log share one thread: what was just read is everything.
          const provenAtMs = clock.monotonicMs();
          yield { entries, provenAtMs, heartbeatLoggedAtMs: clock.wallMs(), healing: isHealing() };
          if (read === state.seq) await nextChange(clock, wakeUps, ended);
        }
      },
      acknowledge: (reached) => void readers.set(reader, reached),
      close() {
        closed.abort();
        readers.delete(reader);
      },
    };
  };

  /** Reader and log share one process, so nobody is ever silent. */
  const enforcement = ({ epoch: at, cursor }: AppendedAt): Enforcement => {
    if (at !== epoch) return nothingKnown;
    const replicas = [...readers].flatMap(([reader, position]) => reader.progress(position));
    return countEnforcement(
      replicas.map((replica) => ({
        replica,
        applied: replica.cursor !== undefined && Number(replica.cursor) >= Number(cursor) ? 'yes' : 'no',
        silentMs: 0,
      })),
    );
  };

  const find = ({ dimensions, words }: DigestSet, issuedAt: number): Verdict => {
    const nowSeconds = Math.floor(clock.wallMs() / 1000);
    for (const [index, dimension] of dimensions.entries()) {
      const rule = table.get(words.subarray(index * 4, index * 4 + 4));
      if (rule !== undefined && denies(rule, issuedAt, nowSeconds)) return { verdict: 'revoked', dimension };
    }
    return isHealing() ? { verdict: 'unknown', cause: 'healing' } : active;
  };

  return {
    log: {
      append: (request) => (store === undefined ? promised(() => appendNow(request)) : appendDurably(request, store)),
      denial: async (id) => {
        const known = ids.get(id);
        if (known === undefined) throw unknownId();
        const change = journal[journal.length - 1 - (state.seq - known.seq)]?.change;
        if (change === undefined) throw noLongerKept();
        return denialOf(change);
      },
      enforcement: async (appended) => enforcement(appended),
      close: () => draining,
    },
    feed: { name, connect: async (signal, reader) => connect(signal, reader) },
    lookUp: { find: async (digests, issuedAt) => find(digests, issuedAt), close: async () => {} },
    healingMs,
    declareWhole() {
      const outcome = isHealing() ? 'healed' : 'whole';
      healsAtMs = clock.monotonicMs();
      return outcome;
    },
  };
}

/** At once, so that what is revoked is in force before anything else happens; a throw becomes a rejection. */
async function promised<T>(act: () => T): Promise<T> {
  return act();
}

async function nextChange(clock: Clock, wakeUps: Set<() => void>, ended: AbortSignal): Promise<void> {
  const woken = new AbortController();
  const wake = () => woken.abort();
  wakeUps.add(wake);
  ended.addEventListener('abort', wake, { once: true });
  await clock.sleep(beatMs, woken.signal);
  ended.removeEventListener('abort', wake);
  wakeUps.delete(wake);
}
