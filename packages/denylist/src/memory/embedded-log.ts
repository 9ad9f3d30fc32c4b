import type { Clock } from '../clock.ts';
import { rowBytes, viewOf, writeRule } from '../codec/rows.ts';
import { digestToBytes } from '../digest.ts';
import { countEnforcement, type Enforcement, nothingKnown } from '../enforcement.ts';
import type { Change } from '../event.ts';
import { type Feed, type FeedBatch, type FeedConnection, type FeedEntry, FeedGap, type FeedPosition } from '../feed.ts';
import { active, type LookUp } from '../look-up.ts';
import type { Reader } from '../reader.ts';
import { type Appended, type AppendedAt, type AppendRequest, LogError, type RevocationLog } from '../revocation-log.ts';
import { defaultMaxTokenLifetimeSeconds, denies, emptyRule, sameRule } from '../rule.ts';
import { RuleTable } from '../rule-table.ts';
import { applyStatement } from '../statement.ts';

export interface EmbeddedLog {
  readonly log: RevocationLog;
  readonly feed: Feed;
  readonly lookUp: LookUp;
}

export interface EmbeddedLogOptions {
  readonly clock: Clock;
  /** Names this history: 16 hex digits, random. */
  readonly epoch: string;
  /** Changes kept for readers that resume; default 10,000. */
  readonly journalEntries?: number;
  /** Seconds, default 86,400. */
  readonly maxTokenLifetimeSeconds?: number;
}

/** A tail is woken at least this often, to be told that nothing happened. */
const beatMs = 500;
const dayMs = 86_400_000;

/**
 * The revocation log of one process, in memory: for tests, for development, and for one node without Redis. The same
 * rules, the same ports; gone with the process.
 */
export function createEmbeddedLog(options: EmbeddedLogOptions): EmbeddedLog {
  const { clock, epoch, journalEntries = 10_000, maxTokenLifetimeSeconds = defaultMaxTokenLifetimeSeconds } = options;
  const table = new RuleTable();
  const journal: FeedEntry[] = [];
  const ids = new Map<string, Appended>();
  const wakeUps = new Set<() => void>();
  const readers = new Map<Reader, FeedPosition | undefined>();
  let seq = 0;
  const headAt = (n: number) => `${epoch}.${n}`;

  const append = (request: AppendRequest): Appended => {
    const { digest, statement, details } = request;
    const now = clock.wallMs();
    const known = statement.kind === 'seed' ? undefined : ids.get(details.id);
    if (known !== undefined) return { ...known, repeated: true };
    const held = table.get(digest) ?? emptyRule;
    const rule = applyStatement(held, statement, { nowSeconds: Math.floor(now / 1000), maxTokenLifetimeSeconds });
    if (rule === 'cutoff_in_future') {
      throw new LogError(
        'refused',
        'issuedUpTo is more than 60 s ahead of the log: expected claim seconds of the issuer',
      );
    }
    const unchanged = statement.kind === 'seed' && sameRule(held, rule);
    if (!unchanged) {
      table.set(digest, rule);
      seq += 1;
      const change: Change = { digest: digest.slice(), rule, loggedAtMs: now, details };
      journal.push({ prev: headAt(seq - 1), head: headAt(seq), cursor: String(seq), change });
      if (journal.length > journalEntries) journal.shift();
      for (const wake of wakeUps) wake();
    }
    const appended = {
      epoch,
      head: headAt(seq),
      cursor: String(seq),
      loggedAtMs: now,
      redisReplicas: 0,
      repeated: false,
    };
    if (statement.kind !== 'seed') {
      ids.set(details.id, appended);
      for (const [id, { loggedAtMs }] of ids) {
        if (now - loggedAtMs <= dayMs) break;
        ids.delete(id);
      }
    }
    return appended;
  };

  const position = (): FeedPosition => ({
    epoch,
    head: headAt(seq),
    cursor: String(seq),
    healing: false,
    maxTokenLifetimeSeconds,
    minReader: 1,
    logTime: { logMs: clock.wallMs(), monotonicMs: clock.monotonicMs(), roundTripMs: 0 },
  });

  const entriesAfter = (n: number): FeedEntry[] => {
    const missing = seq - n;
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
        const page = new Uint8Array(table.size * rowBytes);
        let at = 0;
        for (const [digest, rule] of table.entries()) {
          page.set(digestToBytes(digest), at);
          writeRule(viewOf(page), at + 16, rule);
          at += rowBytes;
        }
        if (at > 0) yield page;
      },
      async *tail(from): AsyncIterable<FeedBatch> {
        if (from.epoch !== epoch) throw new FeedGap('epoch', 'another embedded log');
        let read = Number(from.cursor);
        while (!ended.aborted) {
          const entries = entriesAfter(read);
          read = seq;
          // Reader and log share one thread: what was just read is everything.
          yield { entries, provenAtMs: clock.monotonicMs(), heartbeatLoggedAtMs: clock.wallMs() };
          if (read === seq) await nextChange(clock, wakeUps, ended);
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

  return {
    log: {
      append: async (request) => append(request),
      enforcement: async (appended) => enforcement(appended),
      close: async () => {},
    },
    feed: { name: 'memory:', connect: async (signal, reader) => connect(signal, reader) },
    lookUp: {
      async find({ dimensions, words }, issuedAt) {
        const nowSeconds = Math.floor(clock.wallMs() / 1000);
        for (const [index, dimension] of dimensions.entries()) {
          const rule = table.get(words.subarray(index * 4, index * 4 + 4));
          if (rule !== undefined && denies(rule, issuedAt, nowSeconds)) return { verdict: 'revoked', dimension };
        }
        return active;
      },
      close: async () => {},
    },
  };
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
