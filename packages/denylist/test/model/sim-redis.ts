import { createHash } from 'node:crypto';
import type { FakeClock } from '@revocast/test-support';
import { encodeRuleEvent } from '../../src/codec/event.ts';
import { FeedError } from '../../src/log/feed.ts';
import { type Digest, digestToHex } from '../../src/rules/digest.ts';
import { endOfRestart, restartDigest } from '../../src/rules/log-restart.ts';
import { defaultMaxTokenLifetimeSeconds, emptyRule, type Rule, sameRule } from '../../src/rules/rule.ts';
import { applyStatement, type Statement } from '../../src/rules/statement.ts';
import type { ReaderRow } from './reader-registry.ts';

export interface SimEntry {
  /** Stream id: a number that grows with time, as Redis' do. */
  readonly id: number;
  readonly prev: string;
  readonly event: string;
}

/** What one reader of the log last reported. */
export interface RegistryLine {
  readonly writtenAtMs: number;
  readonly epoch: string;
  readonly head: string;
  readonly cursor: string;
  readonly rows: readonly ReaderRow[];
}

/** The keys as an immutable value: replication is an assignment, and a shortened file is an older value. */
export interface LogState {
  readonly meta?: {
    readonly epoch: string;
    readonly head: string;
    readonly seq: number;
    readonly healUntilMs: number;
    readonly heartbeatAtMs?: number;
    /** Since when heartbeats have followed each other without a longer pause. */
    readonly steadySinceMs?: number;
  };
  readonly rules: ReadonlyMap<string, { readonly digest: Digest; readonly rule: Rule }>;
  readonly entries: readonly SimEntry[];
  readonly lines: ReadonlyMap<string, RegistryLine>;
  readonly lease?: { readonly holder: string; readonly untilMs: number };
}

export const emptyState: LogState = { rules: new Map(), entries: [], lines: new Map() };
const retention = 90;
export const healingMs = 15_000;
const leaseMs = 2000;
/** A longer pause between two heartbeats may be a failover or a restart. */
const longestPauseMs = 1500;

export interface SimRedisOptions {
  readonly clock: FakeClock;
  readonly name: string;
  readonly bornWhole: boolean;
  readonly liftsNow: boolean;
  readonly leasesOutliveClocks: boolean;
}

/** One Redis with the scripts of the log, as `redis/scripts/` has them. */
export class SimRedis {
  readonly name: string;
  readonly #options: SimRedisOptions;
  #state: LogState = emptyState;
  #history: LogState[] = [];
  #generation = 0;
  #births = 0;
  #aheadMs = 0;
  readonly #waiting = new Set<() => void>();
  /** Called after every write with the new state, which replication copies. */
  onWrite: (state: LogState) => void = () => {};

  constructor(options: SimRedisOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get state(): LogState {
    return this.#state;
  }

  /** Grows whenever every connection breaks. */
  get generation(): number {
    return this.#generation;
  }

  nowMs(): number {
    return this.#options.clock.wallMs() + this.#aheadMs;
  }

  stepClock(ms: number): void {
    this.#aheadMs += ms;
  }

  breakConnections(): void {
    this.#generation += 1;
    for (const wake of this.#waiting) wake();
  }

  /** By replication, or from a file at a start. */
  become(state: LogState): void {
    this.#state = state;
    this.#history = [state];
    for (const wake of this.#waiting) wake();
  }

  /** Loses the last `writes`: a shortened append-only file. The stream's last id goes backwards. */
  shorten(writes: number): void {
    this.become(this.#history[Math.max(0, this.#history.length - 1 - writes)] ?? emptyState);
  }

  trim(): void {
    this.#write({ ...this.#state, entries: [] });
  }

  flush(): void {
    this.#write(emptyState);
  }

  /** Where the log stands now. */
  get end(): { readonly epoch: string; readonly id: number; readonly head: string } {
    const { meta, entries } = this.#state;
    return { epoch: meta?.epoch ?? '', id: entries.at(-1)?.id ?? 0, head: meta?.head ?? '' };
  }

  append(digest: Digest, statement: Statement): { readonly rule: Rule; readonly changed: boolean } {
    const key = digestToHex(digest);
    this.#openLog();
    const held = this.#state.rules.get(key)?.rule ?? emptyRule;
    const nowSeconds = Math.floor(this.nowMs() / 1000);
    const said =
      statement.kind === 'lift' && this.#options.liftsNow
        ? { kind: 'seed' as const, rule: { ...emptyRule, liftedUpTo: nowSeconds } }
        : statement;
    const rule = applyStatement(held, said, { nowSeconds, maxTokenLifetimeSeconds: defaultMaxTokenLifetimeSeconds });
    if (typeof rule === 'string') throw new FeedError('refused', rule);
    if (statement.kind === 'seed' && sameRule(held, rule)) return { rule, changed: false };
    this.#pushRule(digest, rule);
    return { rule, changed: true };
  }

  endRestart(stamp: number): void {
    const held = this.#state.rules.get(digestToHex(restartDigest))?.rule ?? emptyRule;
    if (held.denialStamp !== stamp) return;
    this.append(restartDigest, { kind: 'seed', rule: endOfRestart(held) });
  }

  /** A reader's line, dated by this server. It is no entry of the log. */
  report(reader: string, line: Omit<RegistryLine, 'writtenAtMs'>): void {
    const lines = new Map(this.#state.lines).set(reader, { ...line, writtenAtMs: this.nowMs() });
    this.#state = { ...this.#state, lines };
    this.onWrite(this.#state);
  }

  heartbeat(holder: string): void {
    const now = this.nowMs();
    const { lease } = this.#state;
    const remainingMs = (lease?.untilMs ?? now) - now;
    // After a failover to a slower clock the lease of a dead holder would last for as long as the clocks differ.
    const isHeld = remainingMs > 0 && (remainingMs <= leaseMs || this.#options.leasesOutliveClocks);
    if (isHeld && lease?.holder !== holder) return;
    const meta = this.#openLog();
    const pauseMs = now - (meta.heartbeatAtMs ?? Number.NEGATIVE_INFINITY);
    const isSteady = pauseMs >= 0 && pauseMs <= longestPauseMs;
    const steadySinceMs = isSteady ? (meta.steadySinceMs ?? now) : now;
    const beaten = { ...meta, heartbeatAtMs: now, steadySinceMs };
    const leased = { ...this.#state, lease: { holder, untilMs: now + leaseMs }, meta: beaten };
    this.#push(leased, `1|h|${meta.seq + 1}|${now}|${now < meta.healUntilMs ? 1 : 0}`);
  }

  /** A first log. */
  declareWhole(): void {
    const now = this.nowMs();
    // A first log has no readers that its registry could lack.
    const steady = { heartbeatAtMs: now, steadySinceMs: 0 };
    this.#write({ ...this.#state, meta: { ...this.#openLog({ declared: true }), ...steady, healUntilMs: now } });
  }

  /** Resolves when something was written, connections broke, or `ms` are over. */
  async change(ms: number): Promise<void> {
    const woken = new AbortController();
    const wake = () => woken.abort();
    this.#waiting.add(wake);
    await this.#options.clock.sleep(ms, woken.signal);
    this.#waiting.delete(wake);
  }

  #openLog({ declared = false } = {}): NonNullable<LogState['meta']> {
    if (this.#state.meta !== undefined) return this.#state.meta;
    this.#births += 1;
    const epoch = hash(`${this.name} ${this.#births}`);
    const healUntilMs = this.nowMs() + (this.#options.bornWhole ? 0 : healingMs);
    const meta = { epoch, head: hash(epoch), seq: 0, healUntilMs };
    this.#state = { ...this.#state, meta };
    if (declared) return meta;
    const held = this.#state.rules.get(digestToHex(restartDigest))?.rule ?? emptyRule;
    const time = {
      nowSeconds: Math.floor(this.nowMs() / 1000),
      maxTokenLifetimeSeconds: defaultMaxTokenLifetimeSeconds,
    };
    const restart = applyStatement(held, { kind: 'deny', until: 'longest-token' }, time);
    if (typeof restart !== 'string') this.#pushRule(restartDigest, restart);
    return this.#state.meta ?? meta;
  }

  #pushRule(digest: Digest, rule: Rule): void {
    const rules = new Map(this.#state.rules).set(digestToHex(digest), { digest, rule });
    const seq = (this.#state.meta?.seq ?? 0) + 1;
    this.#push({ ...this.#state, rules }, encodeRuleEvent(seq, { digest, rule, loggedAtMs: this.nowMs() }));
  }

  #push(state: LogState, event: string): void {
    const meta = state.meta ?? this.#openLog();
    const last = this.#state.entries.at(-1)?.id ?? 0;
    const entry = { id: Math.max(this.nowMs() * 1000, last + 1), prev: meta.head, event };
    this.#write({
      ...state,
      entries: [...state.entries, entry].slice(-retention),
      meta: { ...meta, head: linkAfter(entry), seq: meta.seq + 1 },
    });
  }

  #write(state: LogState): void {
    this.#state = state;
    this.#history.push(state);
    if (this.#history.length > 20) this.#history.shift();
    this.onWrite(state);
    for (const wake of this.#waiting) wake();
  }
}

export function linkAfter({ prev, event }: Pick<SimEntry, 'prev' | 'event'>): string {
  return hash(prev + event);
}

function hash(text: string): string {
  return createHash('sha1').update(text).digest('hex').slice(0, 16);
}
