import { defaultMaxStalenessMs } from '../../src/replication/max-staleness.ts';
import { digestToHex } from '../../src/rules/digest.ts';
import { restartDigest } from '../../src/rules/log-restart.ts';
import { denies, emptyRule, type Rule } from '../../src/rules/rule.ts';
import { larger } from './memory.ts';
import { maxLagMs } from './sim-cluster.ts';
import type { SimProcess } from './sim-process.ts';
import { healingMs } from './sim-redis.ts';
import { type Token, tokens, type World } from './world.ts';

/** `iat` of a login yet to come: no cutoff covers it, so it shows denials alone. */
const futureIat = 0xffff_fff0;
const boundMs = defaultMaxStalenessMs + maxLagMs;

interface Denial {
  readonly token: Token;
  readonly stamp: number;
  readonly statedAtMs: number;
  /** Since when the primary holds it without interruption; undefined while it lacks it. */
  presentSinceMs: number | undefined;
}

/** Knows every statement ever acknowledged and who has ever held it, and says where the world breaks its promises. */
export class Ledger {
  readonly problems: string[] = [];
  readonly #world: World;
  readonly #denials: Denial[] = [];
  /** The largest stamp that any lift has seen, by token, whether the lift was lost or not. */
  readonly #lifted = new Map<Token, number>();
  /** Since when the primary holds a lift of everything ever denied. */
  readonly #liftedSinceMs = new Map<Token, number>();
  /** What living holders knew when everything was mended. */
  readonly #guaranteed = new Map<Token, Rule>();
  /** What the last log had for longer than the bound when it was lost. */
  #lost: readonly Denial[] = [];
  /** The same, until the restart of the log after it is ended. */
  #atStake: readonly Denial[] = [];
  #epoch: string | undefined;
  #lostAtMs = Number.NEGATIVE_INFINITY;
  /** When somebody was last cut off with an old primary. */
  #apartAtMs = Number.NEGATIVE_INFINITY;
  /** When each log came to be, by its epoch. */
  readonly #births = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  keyOf({ digest }: Token): string {
    return digestToHex(digest);
  }

  noteStatement(kind: 'deny' | 'lift' | 'cutoff', token: Token, said: { readonly rule: Rule; readonly seen: number }) {
    const nowSeconds = Math.floor(this.#world.clock.wallMs() / 1000);
    const inForce =
      kind === 'cutoff' ? said.rule.issuedUpTo >= nowSeconds : this.#denies(said.rule) === (kind === 'deny');
    if (!inForce) this.report(`I1: the ${kind} of ${token.name} is acknowledged, and the log does otherwise`);
    if (kind === 'deny') {
      const statedAtMs = this.#world.clock.monotonicMs();
      this.#denials.push({ token, stamp: said.rule.denialStamp, statedAtMs, presentSinceMs: undefined });
    }
    if (kind === 'lift') this.#lifted.set(token, Math.max(this.#liftOf(token), said.seen));
  }

  report(problem: string): void {
    this.problems.push(problem);
  }

  /** Called after every slice of time. */
  watch(): void {
    this.#followLog();
    this.#judgeRestart();
    for (const [index, process] of this.#world.processes.entries()) {
      if (!process.party.alive || process.party.paused) continue;
      for (const denial of this.#denials) this.#judge(denial, process, index);
      for (const token of tokens) this.#judgeLift(token, process);
    }
  }

  /** Every fault is mended: whatever a living sidecar ever held, or the log holds, must be in force in the end. */
  noteWhatIsHeld(): void {
    for (const token of tokens) this.#guaranteed.set(token, this.#heldBySomeone(token));
  }

  /** What is not yet as it must be in the end. */
  unsettled(): readonly string[] {
    const { sidecars, processes } = this.#world;
    const open: string[] = [];
    for (const { party, replica } of [...sidecars, ...processes]) {
      if (!replica.freshness.isFresh()) open.push(`${party.name} does not become fresh again`);
    }
    for (const token of tokens) {
      const log = this.#inLog(token);
      const guaranteed = this.#guaranteed.get(token) ?? emptyRule;
      const ever = Math.max(0, ...this.#denials.filter((denial) => denial.token === token).map(({ stamp }) => stamp));
      const mustDeny = guaranteed.denialStamp > this.#liftOf(token);
      const mustNotDeny = guaranteed.liftedUpTo >= ever;
      const denied = this.#denies(log);
      if (mustDeny && !denied) open.push(`I3: the denial of ${token.name} at ${guaranteed.denialStamp} is lost`);
      if (mustNotDeny && denied) open.push(`I3: the lift of ${token.name} is lost`);
      if (log.issuedUpTo < guaranteed.issuedUpTo) open.push(`I3: the cutoff of ${token.name} is lost`);
      for (const { party, replica } of sidecars) {
        const held = replica.denylist.get(token.digest) ?? emptyRule;
        if (this.#denies(held) !== denied) open.push(`I3: ${party.name} and the log differ on ${token.name}`);
        if (held.issuedUpTo !== log.issuedUpTo) open.push(`I3: ${party.name} has another cutoff of ${token.name}`);
      }
      for (const process of processes) open.push(...this.#unsettledIn(process, token, denied));
    }
    return open;
  }

  /** A process may know more than everybody else: it cannot give back. What it has seen lifted must stay lifted. */
  #unsettledIn({ party, replica, memory }: SimProcess, token: Token, denied: boolean): readonly string[] {
    const held = replica.denylist.get(token.digest) ?? emptyRule;
    const known = memory.of(this.keyOf(token));
    if (denied && !this.#denies(held)) return [`I3: ${party.name} accepts ${token.name}, which the log denies`];
    const alone = known.denialStamp > known.liftedUpTo;
    if (!denied && this.#denies(held) && !alone) return [`I2: ${party.name} denies ${token.name}, which it saw lifted`];
    return [];
  }

  #followLog(): void {
    const now = this.#world.clock.monotonicMs();
    if (this.#world.cluster.cutOffNode !== undefined) this.#apartAtMs = now;
    const epoch = this.#world.cluster.primary.state.meta?.epoch;
    if (epoch !== this.#epoch) {
      if (this.#epoch !== undefined) {
        this.#lostAtMs = now;
        this.#lost = this.#denials.filter(({ presentSinceMs = now }) => now - presentSinceMs > boundMs);
      }
      // The first log is declared whole; a redis replica that is promoted brings an old log back, not a new one.
      const firstEver = this.#births.size === 0;
      this.#atStake = epoch === undefined || firstEver || this.#births.has(epoch) ? [] : this.#lost;
      if (epoch !== undefined && !this.#births.has(epoch)) {
        this.#births.set(epoch, firstEver ? Number.NEGATIVE_INFINITY : now);
      }
      this.#epoch = epoch;
    }
    for (const denial of this.#denials) {
      const present = this.#inLog(denial.token).denialStamp >= denial.stamp;
      denial.presentSinceMs = present ? (denial.presentSinceMs ?? now) : undefined;
    }
    for (const token of tokens) {
      const ever = this.#denials.filter((denial) => denial.token === token);
      const allLifted = ever.every(({ stamp }) => this.#inLog(token).liftedUpTo >= stamp);
      if (!allLifted) this.#liftedSinceMs.delete(token);
      else if (!this.#liftedSinceMs.has(token)) this.#liftedSinceMs.set(token, now);
    }
  }

  /** Judged once: what is lost later, by a failover, is another loss. */
  #judgeRestart(): void {
    const restart = this.#world.cluster.primary.state.rules.get(digestToHex(restartDigest))?.rule ?? emptyRule;
    if (restart.denialStamp === 0 || restart.denialStamp > restart.liftedUpTo) return;
    for (const { token, stamp } of this.#atStake) {
      if (stamp <= this.#liftOf(token) || this.#inLog(token).denialStamp >= stamp) continue;
      this.report(`I3: the restart is ended, and the denial of ${token.name} at ${stamp} is not given back`);
    }
    this.#atStake = [];
  }

  #judge({ token, stamp, statedAtMs, presentSinceMs }: Denial, process: SimProcess, index: number): void {
    if (stamp <= this.#liftOf(token)) return;
    const now = this.#world.clock.monotonicMs();
    const answer = process.ask(token.digests, futureIat);
    if (answer !== 'active by denylist' && answer !== 'active by look-up') return;
    const { provenAtMs = Number.NEGATIVE_INFINITY } = process.replica.freshness;
    const what = `${process.party.name} finds ${token.name} ${answer}, denied at ${stamp}`;
    if (presentSinceMs !== undefined) {
      const lateMs = now - presentSinceMs;
      if (lateMs > boundMs) this.report(`I1: ${what}, ${lateMs} ms after it was logged`);
      if (answer === 'active by denylist' && provenAtMs - presentSinceMs > maxLagMs) {
        this.report(`I5: ${what}, and claims to be complete up to ${provenAtMs - presentSinceMs} ms later`);
      }
    } else if (this.#isHealing(now) && this.#heldBySomeone(token).denialStamp >= stamp) {
      // Who is cut off with the old primary is judged by the bound above: it follows another log.
      const { cluster } = this.#world;
      const asked = answer === 'active by look-up' && cluster.reachedBy(process.party.name) === cluster.primary;
      const warm = (this.#world.sidecarOf(index).freshSinceMs ?? Number.POSITIVE_INFINITY) < this.#lostAtMs;
      // A proof says nothing of what was stated after it, and may be that of another sidecar than the present one.
      const sinceMs = Math.max(this.#lostAtMs, this.#apartAtMs, statedAtMs);
      const proven = answer === 'active by denylist' && provenAtMs > sinceMs;
      const vouched = asked || (proven && !warm);
      if (vouched) this.report(`I3: ${what}, while the new log is still to be given it back`);
    }
  }

  #judgeLift(token: Token, { party, replica }: SimProcess): void {
    const since = this.#liftedSinceMs.get(token);
    const { provenAtMs } = replica.freshness;
    if (since === undefined || provenAtMs === undefined || !replica.freshness.isFresh()) return;
    const lateMs = provenAtMs - since;
    const held = replica.denylist.get(token.digest) ?? emptyRule;
    if (lateMs > maxLagMs && this.#denies(held) && this.#inLog(token).denialStamp > 0) {
      this.report(`I2: ${party.name} is fresh and denies ${token.name} ${lateMs} ms after it was lifted`);
    }
  }

  #isHealing(now: number): boolean {
    const bornAtMs = this.#epoch === undefined ? undefined : this.#births.get(this.#epoch);
    // Births are noticed a slice late.
    return bornAtMs !== undefined && now - bornAtMs < healingMs - 1000;
  }

  #heldBySomeone(token: Token): Rule {
    let held = this.#inLog(token);
    for (const { party, memory } of this.#world.sidecars) {
      if (party.alive) held = larger(held, memory.of(this.keyOf(token)));
    }
    return held;
  }

  #inLog(token: Token): Rule {
    return this.#world.cluster.primary.state.rules.get(this.keyOf(token))?.rule ?? emptyRule;
  }

  #denies(rule: Rule): boolean {
    return denies(rule, futureIat, Math.floor(this.#world.clock.wallMs() / 1000));
  }

  #liftOf(token: Token): number {
    return this.#lifted.get(token) ?? 0;
  }
}
