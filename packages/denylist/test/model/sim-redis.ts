import { createHash } from 'node:crypto';
import type { FakeClock } from '@revocast/test-support/fake-clock';
import { encodeRuleEvent } from '../../src/codec/event.ts';
import { FeedError } from '../../src/log/feed.ts';
import { recoveryWaitMs } from '../../src/log/log-gap.ts';
import type { RememberedLog } from '../../src/replication/log-memory.ts';
import type { RecallAct, Recalled } from '../../src/replication/reseed.ts';
import { type AgreedNow, agreedNow, type ClockReading } from '../../src/rules/agreed-now.ts';
import { type Digest, digestToHex } from '../../src/rules/digest.ts';
import { endOfRestart, restartDigest } from '../../src/rules/log-restart.ts';
import { defaultMaxTokenLifetimeSeconds, emptyRule, forgettableAt, type Rule, sameRule } from '../../src/rules/rule.ts';
import { applyStatement, type Statement } from '../../src/rules/statement.ts';
import { type Gap, gapAfter, includes, judgeGap, type Mark, markOf, recall } from './continuity.ts';
import type { Flaw } from './flaws.ts';
import type { ReaderRow } from './reader-registry.ts';

export interface SimEntry {
  /** Stream id: a number that grows with time, as Redis' do. */
  readonly id: number;
  readonly seq: number;
  readonly prev: string;
  readonly event: string;
}

/** What one reader of the log last reported. */
export interface RegistryLine {
  readonly writtenAtMs: number;
  readonly trueMs: number;
  /** By the wall clock of the reader. */
  readonly wallMs: number;
  readonly epoch: string;
  readonly head: string;
  readonly cursor: string;
  readonly rows: readonly ReaderRow[];
}

/** The keys as an immutable value: replication is an assignment, and a shortened file is an older value. */
export interface LogState {
  readonly meta?: {
    readonly epoch: string;
    /** When this epoch began; undefined when a process of the last release began it. */
    readonly bornAtMs?: number | undefined;
    /** By how much the clock was ahead then. */
    readonly bornAheadMs?: number;
    /** Of the log across its epochs; a sidecar brings it back after a loss. */
    readonly identity?: string;
    readonly head: string;
    readonly seq: number;
    readonly healUntilMs: number;
    readonly heartbeatAtMs?: number;
    /** Since when heartbeats have followed each other without a longer pause. */
    readonly steadySinceMs?: number;
    /** The last heartbeat of this version: an earlier one notices no pauses and counts no beats. */
    readonly ownBeatAtMs?: number;
    /** Regular heartbeats of lease holders since the log began. */
    readonly beats: number;
    /** Set once, at the end of healing. */
    readonly isWhole: boolean;
    /** The last long pause of the heartbeats, until a process shows that the log continues what it remembers. */
    readonly gap?: Gap | undefined;
    /** Up to where a process that held everything has written everything back. */
    readonly covered?: Mark;
    /** The last entry that is known to be lost, and the restart that it led to. */
    readonly lost?: Mark;
    /** The clock of the lease holder, and the log's time at which it was stored. */
    readonly leaseHolder?: ClockReading & { readonly logMs: number };
  };
  readonly rules: ReadonlyMap<string, { readonly digest: Digest; readonly rule: Rule }>;
  readonly entries: readonly SimEntry[];
  readonly lines: ReadonlyMap<string, RegistryLine>;
  readonly lease?: { readonly holder: string; readonly untilMs: number };
}

type Meta = NonNullable<LogState['meta']>;

export const emptyState: LogState = { rules: new Map(), entries: [], lines: new Map() };
const retention = 90;
export const healingMs = 15_000;
const leaseMs = 2000;
/** A longer pause between two heartbeats may be a failover or a restart. */
const longestPauseMs = 1500;
/** Fewer regular heartbeats than this take less than {@link healingMs}, whatever the log's clock says. */
const healingBeats = 30;
/** What the log added to a cutoff of "now" in the last release. */
const oldCutoffSkewSeconds = 2;
/** What the log adds to a cutoff of "now". */
export const cutoffSkewSeconds = 5;

export interface SimRedisOptions {
  readonly clock: FakeClock;
  readonly name: string;
  readonly flaw: Flaw | undefined;
}

export type AppendResult =
  | { readonly rule: Rule; readonly changed: boolean }
  | 'clock_disagreement'
  | 'cutoff_in_future';

/** One Redis with the scripts of the log, as `redis/scripts/` has them. */
export class SimRedis {
  readonly name: string;
  readonly #options: SimRedisOptions;
  #state: LogState = emptyState;
  #history: LogState[] = [];
  #generation = 0;
  #births = 0;
  #pruned = 0;
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
    return Math.floor(this.#options.clock.wallMs()) + this.#aheadMs;
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

  /** Whether the clock of this server is further behind than when the log began, or no process has noted when that was. */
  get isBirthUnclear(): boolean {
    const { bornAtMs, bornAheadMs = 0 } = this.#state.meta ?? {};
    return bornAtMs === undefined || this.#aheadMs < bornAheadMs;
  }

  /** Milliseconds that its clock is ahead of true time. */
  get aheadMs(): number {
    return this.#aheadMs;
  }

  /** Where the log stands now. */
  get end(): { readonly epoch: string; readonly id: number; readonly head: string } {
    const { meta, entries } = this.#state;
    return { epoch: meta?.epoch ?? '', id: entries.at(-1)?.id ?? 0, head: meta?.head ?? '' };
  }

  /** @param writer the clock of a publisher or sidecar; undefined in the last release. */
  append(digest: Digest, statement: Statement, writer?: ClockReading): AppendResult {
    const key = digestToHex(digest);
    this.#openLog({ writer });
    const held = this.#state.rules.get(key)?.rule ?? emptyRule;
    const { flaw } = this.#options;
    const now = this.agreedNow(writer);
    const said = this.#inSeconds(statement, { now, held });
    if (said === 'clock_disagreement') return said;
    const time = { nowSeconds: said.nowSeconds, maxTokenLifetimeSeconds: defaultMaxTokenLifetimeSeconds };
    const isLiftOfNow = statement.kind === 'lift' && flaw === 'lift stamped now';
    const liftOfNow = { kind: 'seed' as const, rule: { ...emptyRule, liftedUpTo: said.nowSeconds } };
    const rule = applyStatement(held, isLiftOfNow ? liftOfNow : said.statement, time);
    if (rule === 'cutoff_in_future') return rule;
    if (typeof rule === 'string') throw new FeedError('refused', rule);
    if (statement.kind === 'seed' && sameRule(held, rule)) return { rule, changed: false };
    this.#pushRule(digest, rule);
    return { rule, changed: true };
  }

  /** The time that this log, a writer and the lease holder agree on. */
  agreedNow(writer: ClockReading | undefined): AgreedNow {
    const { flaw } = this.#options;
    const logMs = this.nowMs();
    const { leaseHolder } = this.#state.meta ?? {};
    if (flaw === 'now by the log alone') return { agreedMs: logMs, earliestMs: logMs, latestMs: logMs };
    if (leaseHolder === undefined) return agreedNow({ logMs, writer });
    const ageless = { ...leaseHolder, wallMs: leaseHolder.wallMs + (logMs - leaseHolder.logMs), logMs };
    const isAlien = flaw === 'clock of the holder counts twice';
    const stored = flaw === 'clock of the holder without its age' ? ageless : leaseHolder;
    return agreedNow({ logMs, writer, leaseHolder: isAlien ? { ...stored, bootId: `${stored.bootId}'` } : stored });
  }

  /** A statement with its times, and the second that stamps it. */
  #inSeconds(
    statement: Statement,
    { now, held }: { readonly now: AgreedNow; readonly held: Rule },
  ): { readonly statement: Statement; readonly nowSeconds: number } | 'clock_disagreement' {
    const { flaw } = this.#options;
    const seconds = (ms: number) => Math.floor(ms / 1000);
    const logSeconds = seconds(this.nowMs());
    // Neither depends on the time: it merges numbers, or it ends what the log holds.
    if (statement.kind === 'seed') return { statement, nowSeconds: logSeconds };
    const stampsByLog = flaw === 'stamps by the log alone' && (statement.kind === 'deny' || statement.kind === 'lift');
    if (now.agreedMs !== undefined) {
      const agreed = seconds(now.agreedMs);
      const nowSeconds = stampsByLog ? logSeconds : agreed;
      if (statement.kind !== 'cutoff' || statement.issuedUpTo !== 'now') return { statement, nowSeconds };
      return { statement: { kind: 'cutoff', issuedUpTo: agreed + cutoffSkewSeconds }, nowSeconds };
    }
    // A block is in force whatever the clocks do, and a lift of nothing must end no block that is stated after it.
    if (statement.kind === 'deny' && statement.until !== 'longest-token') {
      return { statement, nowSeconds: seconds(now.latestMs) };
    }
    if (statement.kind !== 'lift') return 'clock_disagreement';
    const isLatest = flaw === 'lift of nothing by the latest clock';
    if (held.denialStamp === 0) return { statement, nowSeconds: seconds(isLatest ? now.latestMs : now.earliestMs) };
    return { statement, nowSeconds: logSeconds };
  }

  /** Deletes what has ended by both its own clock and the time that a sidecar's clocks agree on. */
  prune(agreedSeconds: number): void {
    const now = Math.min(agreedSeconds, Math.floor(this.nowMs() / 1000));
    const rules = [...this.#state.rules].filter(
      ([, { rule }]) => forgettableAt(rule, defaultMaxTokenLifetimeSeconds) > now,
    );
    if (rules.length === this.#state.rules.size) return;
    this.#pruned += this.#state.rules.size - rules.length;
    this.#write({ ...this.#state, rules: new Map(rules) });
  }

  /** Deletes a rule without an entry. */
  remove(digest: Digest): void {
    const rules = new Map(this.#state.rules);
    rules.delete(digestToHex(digest));
    this.#write({ ...this.#state, rules });
  }

  /** Rules that were deleted so far. */
  get pruned(): number {
    return this.#pruned;
  }

  endRestart(stamp: number): void {
    const held = this.restart;
    if (held.denialStamp !== stamp) return;
    this.append(restartDigest, { kind: 'seed', rule: endOfRestart(held) });
  }

  /** A reader's line, dated by this server. It is no entry of the log. */
  report(reader: string, line: Omit<RegistryLine, 'writtenAtMs' | 'trueMs'>): void {
    const lines = new Map(this.#state.lines).set(reader, {
      ...line,
      writtenAtMs: this.nowMs(),
      trueMs: this.#options.clock.wallMs(),
    });
    this.#state = { ...this.#state, lines };
    this.onWrite(this.#state);
  }

  /**
   * @param clock of the process that has the lease or wants it.
   * @param held what it remembers of the log.
   */
  heartbeat(holder: string, clock: ClockReading, held?: RememberedLog): void {
    const now = this.nowMs();
    const { flaw } = this.#options;
    const { lease } = this.#state;
    const remainingMs = (lease?.untilMs ?? now) - now;
    // After a failover to a slower clock the lease of a dead holder would last for as long as the clocks differ.
    const isHeld = remainingMs > 0 && (remainingMs <= leaseMs || flaw === 'lease of a faster clock');
    const isOther = isHeld && lease?.holder !== holder;
    if (isOther && this.#state.meta?.gap === undefined) {
      this.#nameBy(held);
      return;
    }
    this.#openLog({ writer: clock });
    this.#judgeGap(held, { isHolder: !isOther, writer: clock });
    if (isOther) {
      this.#nameBy(held);
      return;
    }
    const meta = this.#named(this.#openLog(), held);
    const pauseMs = now - (meta.heartbeatAtMs ?? Number.NEGATIVE_INFINITY);
    const isOwn = meta.heartbeatAtMs === meta.ownBeatAtMs || flaw === 'steady by beats of the last release';
    const isSteady = pauseMs >= 0 && pauseMs <= longestPauseMs && isOwn;
    const steadySinceMs = isSteady ? (meta.steadySinceMs ?? now) : now;
    // A clock that is set back would heal for as long as it was set back.
    const healUntilMs =
      flaw === 'healing dated by a faster clock' ? meta.healUntilMs : Math.min(meta.healUntilMs, now + healingMs);
    const counted = {
      ...meta,
      steadySinceMs,
      healUntilMs,
      beats: meta.beats + 1,
      heartbeatAtMs: now,
      ownBeatAtMs: now,
    };
    // Also when a sidecar of the last release, which counts no beats, wrote the heartbeats until now.
    const isWhole = !this.isHealing(meta) || !this.isHealing(counted);
    const leaseHolder = { ...clock, logMs: now };
    const leased = {
      ...this.#state,
      lease: { holder, untilMs: now + leaseMs },
      meta: {
        ...counted,
        isWhole,
        healUntilMs: isWhole && flaw !== 'healing begins again' ? 0 : healUntilMs,
        leaseHolder,
      },
    };
    this.#push(leased, `1|h|${meta.seq + 1}|${now}|${isWhole ? 0 : 1}`);
  }

  /** A sidecar without the lease names a log that began empty, and draws no identity. */
  #nameBy(held: RememberedLog | undefined): void {
    const { meta } = this.#state;
    if (meta === undefined || held?.identity === undefined || this.restart.denialStamp === 0) return;
    if (this.#options.flaw === 'logs named by lease holders alone') return;
    this.#state = { ...this.#state, meta: this.#named(meta, held) };
  }

  /** An identity is drawn only for a log that has not begun empty: that one may have had another. */
  #named(meta: Meta, held: RememberedLog | undefined): Meta {
    if (meta.identity !== undefined) return meta;
    const { denialStamp, liftedUpTo } = this.restart;
    const isWhole = !this.isHealing(meta) && denialStamp <= liftedUpTo;
    const isFirst = this.#options.flaw === 'lost logs named anew' ? isWhole : denialStamp === 0;
    return { ...meta, identity: held?.identity ?? (isFirst ? hash(`identity of ${meta.epoch}`) : undefined) };
  }

  /** heartbeat-4, of the last release. */
  oldHeartbeat(holder: string): void {
    const now = this.nowMs();
    const { lease } = this.#state;
    if (lease !== undefined && lease.untilMs > now && lease.holder !== holder) return;
    const meta = this.#openLog({ isOld: true });
    const leased = {
      ...this.#state,
      lease: { holder, untilMs: now + leaseMs },
      meta: { ...meta, heartbeatAtMs: now },
    };
    this.#push(leased, `1|h|${meta.seq + 1}|${now}|${now < meta.healUntilMs ? 1 : 0}`);
  }

  /** append-4, of the last release: every time is that of the log. */
  oldAppend(digest: Digest, statement: Statement): AppendResult {
    this.#openLog({ isOld: true });
    const held = this.#state.rules.get(digestToHex(digest))?.rule ?? emptyRule;
    const nowSeconds = Math.floor(this.nowMs() / 1000);
    const isCutoff = statement.kind === 'cutoff' && statement.issuedUpTo === 'now';
    const stated = isCutoff ? { kind: 'cutoff' as const, issuedUpTo: nowSeconds + oldCutoffSkewSeconds } : statement;
    const time = { nowSeconds, maxTokenLifetimeSeconds: defaultMaxTokenLifetimeSeconds };
    const rule = applyStatement(held, stated, time);
    if (rule === 'cutoff_in_future') return rule;
    if (typeof rule === 'string') throw new FeedError('refused', rule);
    this.#pushRule(digest, rule);
    return { rule, changed: true };
  }

  /** Whether the log still has what a process remembers; what it has found or done about that is recorded. */
  recall(remembered: RememberedLog, act: RecallAct, writer: ClockReading): Recalled {
    const outcome = recall(this.#state, remembered, act, this.#options.flaw);
    const { meta } = this.#state;
    if (meta === undefined || remembered.rule === undefined || outcome === 'continues') return outcome;
    const mark = markOf(remembered.rule);
    if (act === 'cover' || act === 'cover_all') {
      if (outcome !== 'covered') return outcome;
      if (!includes(meta.covered, mark)) this.#write({ ...this.#state, meta: { ...meta, covered: mark } });
      const { lost } = meta;
      const isFlagged = lost?.stamp !== undefined && lost.seq <= mark.seq && lost.id <= mark.id;
      if (act === 'cover_all' && isFlagged) this.endRestart(lost.stamp);
      return outcome;
    }
    if (act === 'ask' || outcome !== 'lost') return outcome;
    const restart = this.restart;
    const isStated = includes(meta.lost, mark) && restart.denialStamp === meta.lost?.stamp;
    if (isStated && restart.denialStamp > restart.liftedUpTo) return outcome;
    const stamp = this.#flagRestart(writer);
    this.#write({ ...this.#state, meta: { ...this.#openLog(), lost: { ...mark, stamp } } });
    return outcome;
  }

  /** The rule that says that the log began empty, or is a backup. */
  get restart(): Rule {
    return this.#state.rules.get(digestToHex(restartDigest))?.rule ?? emptyRule;
  }

  #judgeGap(
    held: RememberedLog | undefined,
    { isHolder, writer }: { readonly isHolder: boolean; readonly writer: ClockReading },
  ): void {
    const nowMs = this.nowMs();
    this.#shortenWait(nowMs + recoveryWaitMs);
    const { meta } = this.#state;
    const outcome = judgeGap(this.#state, held, { nowMs, isHolder, flaw: this.#options.flaw });
    if (meta === undefined || outcome === 'none') return;
    if (outcome === 'begins') {
      const gap = gapAfter(this.#state, nowMs);
      this.#state = { ...this.#state, meta: { ...meta, gap, healUntilMs: gap.untilMs, isWhole: false, beats: 0 } };
    }
    if (outcome === 'continues') {
      if (meta.gap?.stamp !== undefined) this.endRestart(meta.gap.stamp);
      const healing = meta.healUntilMs === meta.gap?.untilMs ? { healUntilMs: 0, isWhole: true } : {};
      this.#state = { ...this.#state, meta: { ...this.#openLog(), ...healing, gap: undefined } };
    }
    if (outcome === 'ended in vain' && meta.gap !== undefined) {
      const stamp = this.#flagRestart(writer);
      this.#state = { ...this.#state, meta: { ...this.#openLog(), gap: { ...meta.gap, stamp } } };
    }
  }

  /** A clock that is set back must not prolong the wait for a witness: the recovery would end first. */
  #shortenWait(latestMs: number): void {
    const { meta } = this.#state;
    if (meta?.gap === undefined || meta.gap.untilMs <= latestMs) return;
    if (this.#options.flaw === 'wait dated by a faster clock') return;
    const healUntilMs = meta.healUntilMs === meta.gap.untilMs ? latestMs : meta.healUntilMs;
    this.#state = { ...this.#state, meta: { ...meta, healUntilMs, gap: { ...meta.gap, untilMs: latestMs } } };
  }

  /** @returns the stamp of the restart: by the agreed time, or the latest clock. */
  #flagRestart(writer: ClockReading | undefined): number {
    const held = this.restart;
    const now = this.agreedNow(writer);
    const time = {
      nowSeconds: Math.floor((now.agreedMs ?? now.latestMs) / 1000),
      maxTokenLifetimeSeconds: defaultMaxTokenLifetimeSeconds,
    };
    const restart = applyStatement(held, { kind: 'deny', until: 'longest-token' }, time);
    if (typeof restart === 'string') return 0;
    this.#pushRule(restartDigest, restart);
    return restart.denialStamp;
  }

  /** A log that was whole stays whole. Its own clock alone does not end the healing. */
  isHealing(meta: NonNullable<LogState['meta']>): boolean {
    const { healUntilMs, beats, isWhole } = meta;
    const { flaw } = this.#options;
    if (isWhole && flaw !== 'healing begins again') return false;
    const isCounted = meta.heartbeatAtMs === meta.ownBeatAtMs;
    const isEarly = isCounted && beats < healingBeats && flaw !== 'healing ended by a step' && flaw !== 'born whole';
    return this.nowMs() < healUntilMs || (isEarly && !isWhole);
  }

  /** A first log. */
  declareWhole(): void {
    const now = this.nowMs();
    // A first log has no readers that its registry could lack.
    const opened = this.#openLog({ declared: true });
    const steady = { heartbeatAtMs: now, ownBeatAtMs: now, steadySinceMs: 0 };
    this.#write({
      ...this.#state,
      meta: { ...opened, ...steady, identity: opened.epoch, healUntilMs: 0, isWhole: true },
    });
  }

  /** Resolves when something was written, connections broke, or `ms` are over. */
  async change(ms: number): Promise<void> {
    const { over, wake } = this.#options.clock.nap(ms);
    this.#waiting.add(wake);
    await over;
    this.#waiting.delete(wake);
  }

  #openLog({
    declared = false,
    isOld = false,
    writer,
  }: {
    readonly declared?: boolean;
    readonly isOld?: boolean;
    readonly writer?: ClockReading | undefined;
  } = {}): NonNullable<LogState['meta']> {
    if (this.#state.meta !== undefined) return this.#state.meta;
    this.#births += 1;
    const epoch = hash(`${this.name} ${this.#births}`);
    const isWhole = this.#options.flaw === 'born whole';
    const healUntilMs = this.nowMs() + (isWhole ? 0 : healingMs);
    const bornAtMs = isOld ? undefined : this.nowMs();
    const meta = {
      epoch,
      bornAtMs,
      bornAheadMs: this.#aheadMs,
      head: hash(epoch),
      seq: 0,
      healUntilMs,
      isWhole,
      beats: 0,
    };
    this.#state = { ...this.#state, meta };
    if (declared) return meta;
    this.#flagRestart(writer);
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
    const entry = { id: Math.max(this.nowMs() * 1000, last + 1), seq: meta.seq + 1, prev: meta.head, event };
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
