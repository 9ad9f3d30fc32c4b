import { defaultMaxStalenessMs } from '../../src/replication/max-staleness.ts';
import { agreementMs } from '../../src/rules/agreed-now.ts';
import { type Digest, digestToHex } from '../../src/rules/digest.ts';
import { restartDigest } from '../../src/rules/log-restart.ts';
import { denies, emptyRule, type Rule, ruleMarginSeconds, sameRule } from '../../src/rules/rule.ts';
import { Backups } from './backups.ts';
import { type Claim, Claims } from './claims.ts';
import { type Appended, memoMs, stands } from './everywhere.ts';
import { larger } from './memory.ts';
import { maxLagMs, strangerDigest } from './sim-cluster.ts';
import type { Answer, SimProcess } from './sim-process.ts';
import { healingMs, type LogState, type SimRedis } from './sim-redis.ts';
import type { SimSidecar } from './sim-sidecar.ts';
import { shortToken, type Token, tokens, type World } from './world.ts';

/** An `iat` after every cutoff: only a denial can refuse such a token. */
const futureIat = 0xffff_fff0;
const boundMs = defaultMaxStalenessMs + maxLagMs;
/** Jitter, and the longest pause before another attempt. */
const longestReseedMs = 11_000;

interface Denial extends Claim {
  readonly statedAtMs: number;
  /** True time at which the token expires. */
  readonly expiresAtMs: number;
  /** Since when the primary has held it without interruption. Undefined while the primary lacks it. */
  presentSinceMs: number | undefined;
  /** The entry by which the primary holds it: a later one where a failover has lost its own. */
  presentById: number;
}

interface Cutoff {
  readonly token: Token;
  readonly issuedUpTo: number;
  presentSinceMs: number | undefined;
}

interface Answered {
  readonly process: SimProcess;
  readonly index: number;
  readonly answer: Answer;
}

interface Statement {
  readonly rule: Rule;
  /** Before the statement. */
  readonly held: Rule;
  readonly appended: Appended;
  readonly expiresAtMs: number;
}

/** Records every acknowledged statement and every holder of it, and reports each broken promise. */
export class Ledger {
  readonly problems: string[] = [];
  readonly #world: World;
  readonly #denials: Denial[] = [];
  readonly #cutoffs: Cutoff[] = [];
  /** The largest stamp that any lift has seen, by token, whether the lift was lost or not. */
  readonly #lifted = new Map<Token, number>();
  /** Since when the primary has held a lift of every denial of this token. */
  readonly #liftedSinceMs = new Map<Token, number>();
  /** What was held, by the log or by a living sidecar, when all faults had ended. */
  readonly #guaranteed = new Map<Token, Rule>();
  /** The denials that the last log had held for longer than the bound when it was lost. */
  #lost: readonly Denial[] = [];
  /** The same denials, until the restart of the next log is ended. */
  #atStake: readonly Denial[] = [];
  #epoch: string | undefined;
  #lostAtMs = Number.NEGATIVE_INFINITY;
  #hasMoved = false;
  /**
   * A log without an identity and another one had the same name, or the same reader. An empty log looks like the loss of the
   * one that a sidecar remembers.
   */
  #wasUnnamed = false;
  /** When the log that is judged last had no identity. */
  #unnamedAtMs = Number.NEGATIVE_INFINITY;
  /** What a backup lacks and each sidecar has no way to notice. */
  readonly #unnoticed = new Map<SimSidecar, ReadonlySet<Token>>();
  /** When the name of the log last moved. */
  #movedAtMs = Number.NEGATIVE_INFINITY;
  /** When a partition last existed. */
  #apartAtMs = Number.NEGATIVE_INFINITY;
  /** When each log began, by its epoch. */
  readonly #births = new Map<string, number>();
  readonly #claims: Claims;
  readonly #backups: Backups;
  /** Rules that were pruned before the last event of the schedule. */
  #prunedBefore = 0;
  /** The clock of the log and that of a sidecar were wrong, and agreed. */
  #wereTwoClocksWrong = false;
  /** The log that was last seen whole. */
  #whole: { readonly node: SimRedis; readonly epoch: string; readonly generation: number } | undefined;

  constructor(world: World) {
    this.#world = world;
    this.#claims = new Claims(world);
    this.#backups = new Backups(world);
  }

  keyOf({ digest }: Token): string {
    return digestToHex(digest);
  }

  noteStatement(kind: 'deny' | 'lift' | 'cutoff', token: Token, said: Statement): void {
    const inForce = kind === 'cutoff' || this.#denies(said.rule) === (kind === 'deny');
    if (!inForce) this.report(`I1: the ${kind} of ${token.name} is acknowledged, and the log does otherwise`);
    if (kind === 'deny') {
      const statedAtMs = this.#world.clock.monotonicMs();
      const { rule, appended, expiresAtMs } = said;
      this.#denials.push({
        token,
        stamp: rule.denialStamp,
        appended,
        isConfirmed: false,
        statedAtMs,
        expiresAtMs,
        presentSinceMs: undefined,
        presentById: appended.id,
      });
    }
    if (kind === 'cutoff') this.#cutoffs.push({ token, issuedUpTo: said.rule.issuedUpTo, presentSinceMs: undefined });
    if (kind === 'lift')
      this.#lifted.set(token, Math.max(this.#liftOf(token), said.held.denialStamp || said.rule.liftedUpTo));
  }

  report(problem: string): void {
    this.problems.push(problem);
  }

  /** A fault may have removed the newest writes of the log. */
  noteLoss(): void {
    this.#claims.noteLoss();
    this.#backups.noteLoss();
  }

  /** The name of the log leads to another one now, or back. */
  noteMove(): void {
    this.#backups.noteMove();
    this.#judgeIdentity();
    const { primary, elsewhere } = this.#world.cluster;
    this.#wasUnnamed ||= primary.state.meta?.identity === undefined || elsewhere.meta?.identity === undefined;
    // A sidecar that read it without an identity may not have written everything back yet.
    this.#wasUnnamed ||= this.#world.clock.monotonicMs() - this.#unnamedAtMs < longestReseedMs;
    this.#hasMoved = true;
    for (const denial of this.#denials) denial.presentSinceMs = undefined;
    for (const cutoff of this.#cutoffs) cutoff.presentSinceMs = undefined;
    this.#liftedSinceMs.clear();
    this.#movedAtMs = this.#world.clock.monotonicMs();
    this.#apartAtMs = this.#movedAtMs;
  }

  /** What the log to which the name does not lead has. */
  get #foreign(): readonly Digest[] {
    return this.#world.cluster.isAway ? tokens.map(({ digest }) => digest) : [strangerDigest];
  }

  #watchIdentity(): void {
    const { clock, cluster, remembered, sidecars } = this.#world;
    if (!cluster.isAway && cluster.primary.state.meta?.identity === undefined) this.#unnamedAtMs = clock.monotonicMs();
    if (!this.#hasMoved || cluster.primary.state.meta?.identity !== undefined) return;
    const other = cluster.elsewhere.meta?.identity;
    const holdsOther = sidecars.some(
      ({ party, replica }) => party.alive && this.#foreign.some((digest) => replica.denylist.get(digest) !== undefined),
    );
    this.#wasUnnamed ||= holdsOther || remembered.some(({ log }) => log.identity === other);
  }

  /** No sidecar writes rules of one log into another, except those of the last release, and while a log has no identity. */
  #judgeIdentity(): void {
    if (this.#world.oldSidecars.size > 0 || this.#wasUnnamed) return;
    const { primary } = this.#world.cluster;
    if (this.#foreign.some((digest) => primary.state.rules.has(digestToHex(digest)))) {
      this.report('I3: the rules of one log are written into another');
    }
  }

  /** While its name leads to one log, no sidecar takes that for another one: such a sidecar writes nothing back. */
  #judgeSameness(): void {
    if (this.#hasMoved) return;
    for (const { party, isMixed } of this.#world.sidecars) {
      if (isMixed) this.report(`I3: ${party.name} takes the log for another one, and its name has not moved`);
    }
  }

  noteTrim(): void {
    this.#backups.noteTrim();
  }

  /** An event has happened, and no time has passed since. */
  noteHappened(): void {
    this.#watchIdentity();
    if (!this.#world.cluster.isAway) this.#backups.noteHappened();
  }

  /** An older state of the log takes the place of the present one. */
  noteRestore(backup: LogState): void {
    this.#noteUnnoticed(backup);
    const present = this.#denials.filter(({ presentSinceMs }) => presentSinceMs !== undefined);
    this.#backups.noteRestore(
      backup,
      present.map(({ token, stamp, presentById }) => ({ token, stamp, id: presentById })),
    );
  }

  /** Called after every slice of time. */
  watch(): void {
    this.#watchIdentity();
    this.#judgeIdentity();
    this.#judgeSameness();
    // Readers of the other log are right about that one.
    if (this.#world.cluster.isAway) return;
    this.#backups.watch();
    this.#followLog();
    this.#judgeRestart();
    this.#judgeForgetting();
    this.#claims.watch();
    for (const denial of this.#denials) if (denial.stamp > this.#liftOf(denial.token)) this.#claims.ask(denial);
    for (const [index, process] of this.#world.processes.entries()) {
      if (!process.party.alive || process.party.paused) continue;
      for (const token of tokens) {
        // Also while nothing is denied: a look-up that is remembered is older than the denial that it misses.
        const answer = process.ask(token.digests, futureIat);
        for (const denial of this.#denials) {
          if (denial.token === token) this.#judge(denial, { process, index, answer });
        }
        this.#judgeLift(token, process);
      }
      for (const cutoff of this.#cutoffs) this.#judgeCutoff(cutoff, process);
    }
  }

  /** All faults have ended: what the log holds, and what a living sidecar has ever held, must be in force in the end. */
  noteWhatIsHeld(): void {
    for (const token of tokens) this.#guaranteed.set(token, this.#heldBySomeone(token));
  }

  /** Whether `enforcedEverywhere` has said yes of the last denial of this token. */
  isClaimed(token: Token): boolean {
    return this.#denials.findLast((denial) => denial.token === token)?.said !== undefined;
  }

  /** The differences between the present state and the state that must be reached. */
  unsettled(): readonly string[] {
    const { sidecars, relays, processes } = this.#world;
    const open: string[] = [];
    for (const { party, replica } of [...sidecars, ...relays, ...processes]) {
      if (this.#isHealedByOldSidecar()) break;
      if (!replica.freshness.isFresh()) open.push(`${party.name} does not become fresh again`);
    }
    for (const token of tokens) {
      if (token === shortToken && this.#wereTwoClocksWrong) continue;
      const log = this.#inLog(token);
      const guaranteed = this.#guaranteed.get(token) ?? emptyRule;
      const ever = Math.max(0, ...this.#denials.filter((denial) => denial.token === token).map(({ stamp }) => stamp));
      const mustDeny = this.#lives(guaranteed) && guaranteed.denialStamp > this.#liftOf(token);
      const mustNotDeny = guaranteed.liftedUpTo >= ever;
      const denied = this.#denies(log);
      if (!this.#isNamedWrongly()) {
        if (mustDeny && !denied) open.push(`I3: the denial of ${token.name} at ${guaranteed.denialStamp} is lost`);
        if (mustNotDeny && denied) open.push(`I3: the lift of ${token.name} is lost`);
        if (log.issuedUpTo < guaranteed.issuedUpTo) open.push(`I3: the cutoff of ${token.name} is lost`);
      }
      for (const sidecar of sidecars) {
        if (sidecar.isMixed || this.#isUnnoticed(sidecar, token)) continue;
        const { party, replica } = sidecar;
        const held = replica.denylist.get(token.digest) ?? emptyRule;
        if (this.#denies(held) !== denied) open.push(`I3: ${party.name} and the log differ on ${token.name}`);
        if (held.issuedUpTo !== log.issuedUpTo) open.push(`I3: ${party.name} has another cutoff of ${token.name}`);
      }
      for (const [index, process] of processes.entries()) {
        open.push(...this.#unsettledIn({ process, index }, token, denied));
      }
    }
    return [...open, ...this.#lostByBackups()];
  }

  /**
   * A sidecar that compares nothing, as those of the last release, has read no entry that this backup lacks: only what it has
   * itself written back, and not read since, is lost.
   */
  #noteUnnoticed(backup: LogState): void {
    const { compares, oldSidecars, sidecars } = this.#world;
    for (const [index, sidecar] of sidecars.entries()) {
      const { position, replica, writtenBack } = sidecar;
      if (position === undefined || (compares && !oldSidecars.has(index))) continue;
      // It reads another snapshot.
      if (!replica.freshness.isComplete) continue;
      if (!stands(backup, { id: Number(position.cursor), head: position.head })) continue;
      const lost = tokens.filter((token) => {
        const known = backup.rules.get(this.keyOf(token))?.rule ?? emptyRule;
        return !sameRule(larger(known, writtenBack.of(this.keyOf(token))), known);
      });
      this.#unnoticed.set(sidecar, new Set([...(this.#unnoticed.get(sidecar) ?? []), ...lost]));
    }
  }

  #isUnnoticed(sidecar: SimSidecar, token: Token): boolean {
    return this.#unnoticed.get(sidecar)?.has(token) === true;
  }

  /** A log that was just lost has the identity of another one, so the sidecars that hold its rules do not write them back. */
  #isNamedWrongly(): boolean {
    return this.#wasUnnamed && this.#world.sidecars.some(({ isMixed }) => isMixed);
  }

  #lostByBackups(): readonly string[] {
    return this.#backups.judge(this.#world.cluster.primary, ({ token, stamp }) => {
      const denial = this.#denials.find((each) => each.token === token && each.stamp === stamp);
      const isLiving = this.#world.clock.wallMs() < (denial?.expiresAtMs ?? 0);
      return isLiving && stamp > this.#liftOf(token) && this.#inLog(token).denialStamp < stamp;
    });
  }

  /** A process may hold a denial that the log lost, because it cannot re-seed. What it has seen lifted must stay lifted. */
  #unsettledIn({ process, index }: Omit<Answered, 'answer'>, token: Token, denied: boolean): readonly string[] {
    const { party, replica, memory } = process;
    const held = replica.denylist.get(token.digest) ?? emptyRule;
    const known = memory.of(this.keyOf(token));
    // A sidecar that has read two logs holds a lift that this one has lost, and does not write it back.
    const isOfTwoLogs = this.#world.sidecarOf(index).isMixed && known.liftedUpTo >= this.#inLog(token).denialStamp;
    const isUnnoticed = this.#isUnnoticed(this.#world.sidecarOf(index), token);
    if (denied && !this.#denies(held) && (isOfTwoLogs || isUnnoticed)) return [];
    if (denied && !this.#denies(held)) return [`I3: ${party.name} accepts ${token.name}, which the log denies`];
    const alone = known.denialStamp > known.liftedUpTo;
    if (!denied && this.#denies(held) && !alone) return [`I2: ${party.name} denies ${token.name}, which it saw lifted`];
    return [];
  }

  /** A lease holder of the last release does not shorten a recovery when the clock of the log is set back. */
  #isHealedByOldSidecar(): boolean {
    const { primary } = this.#world.cluster;
    const { meta } = primary.state;
    const isByOld = meta !== undefined && meta.heartbeatAtMs !== meta.ownBeatAtMs;
    return isByOld && meta.healUntilMs > primary.nowMs() + healingMs;
  }

  /** The schedule goes on: what was pruned before may have to be pruned again after it. */
  noteEvent(): void {
    this.#prunedBefore = this.#pruned();
  }

  #pruned(): number {
    return this.#world.cluster.nodes.reduce((sum, { pruned }) => sum + pruned, 0);
  }

  /** By two clocks that are wrong together, or by a sidecar of the last release, which asks one clock alone. */
  #isPrunedByWrong(token: Token): boolean {
    return token === shortToken && this.#wereTwoClocksWrong && this.#pruned() > 0;
  }

  #judgeForgetting(): void {
    const { cluster, serverErrorsMs } = this.#world;
    const { aheadMs } = cluster.primary;
    const isWrong = Math.abs(aheadMs) > agreementMs;
    // Then they forget by a time that is hours away, and no other clock is asked.
    // A sidecar of the last release asks no other clock than that of the log.
    const isAlone = this.#world.oldSidecars.size > 0;
    this.#wereTwoClocksWrong ||=
      isWrong && (isAlone || serverErrorsMs.some((ms) => Math.abs(ms - aheadMs) <= 2 * agreementMs));
    if (this.#wereTwoClocksWrong || this.#pruned() - this.#prunedBefore <= 2) return;
    this.report('I2: a rule that has ended is pruned and written back in turn');
    this.#prunedBefore = Number.POSITIVE_INFINITY;
  }

  /** A clock that is set back must not make a log heal again. A failover may: then it is an earlier state. */
  #watchHealing(): void {
    const { primary: node } = this.#world.cluster;
    const { meta } = node.state;
    if (meta === undefined) return;
    const { epoch } = meta;
    const { generation } = node;
    const before = this.#whole;
    const isSame = before?.node === node && before.epoch === epoch && before.generation === generation;
    // A sidecar of the last release does not keep it whole.
    const isByOld = meta.heartbeatAtMs !== meta.ownBeatAtMs;
    if (isByOld) this.#whole = undefined;
    else if (!node.isHealing(meta)) this.#whole = { node, epoch, generation };
    else if (isSame && meta.gap === undefined) this.report('I2: a log that was whole heals again');
    else this.#whole = undefined;
  }

  #followLog(): void {
    this.#watchHealing();
    const now = this.#world.clock.monotonicMs();
    if (this.#world.cluster.cutOffNode !== undefined) this.#apartAtMs = now;
    const epoch = this.#world.cluster.primary.state.meta?.epoch;
    if (epoch !== this.#epoch) {
      if (this.#epoch !== undefined) {
        this.#lostAtMs = now;
        this.#lost = this.#denials.filter(({ presentSinceMs = now }) => now - presentSinceMs > boundMs);
      }
      // The first log is declared whole. After a failover the log of the new primary is an old one.
      const firstEver = this.#births.size === 0;
      this.#atStake = epoch === undefined || firstEver || this.#births.has(epoch) ? [] : this.#lost;
      if (epoch !== undefined && !this.#births.has(epoch)) {
        this.#births.set(epoch, firstEver ? Number.NEGATIVE_INFINITY : this.#healingClockMs());
      }
      this.#epoch = epoch;
    }
    const node = this.#world.cluster.primary;
    for (const denial of this.#denials) {
      const present = this.#inLog(denial.token).denialStamp >= denial.stamp;
      if (present && denial.presentSinceMs === undefined && !stands(node.state, denial.appended)) {
        denial.presentById = node.end.id;
      }
      denial.presentSinceMs = present ? (denial.presentSinceMs ?? now) : undefined;
    }
    for (const cutoff of this.#cutoffs) {
      const present = this.#inLog(cutoff.token).issuedUpTo >= cutoff.issuedUpTo;
      cutoff.presentSinceMs = present ? (cutoff.presentSinceMs ?? now) : undefined;
    }
    for (const token of tokens) {
      const ever = this.#denials.filter((denial) => denial.token === token);
      const allLifted = ever.every(({ stamp }) => this.#inLog(token).liftedUpTo >= stamp);
      if (!allLifted) this.#liftedSinceMs.delete(token);
      else if (!this.#liftedSinceMs.has(token)) this.#liftedSinceMs.set(token, now);
    }
  }

  /** Judged once. What a later failover loses is another loss. */
  #judgeRestart(): void {
    const restart = this.#world.cluster.primary.state.rules.get(digestToHex(restartDigest))?.rule ?? emptyRule;
    if (restart.denialStamp === 0 || restart.denialStamp > restart.liftedUpTo) return;
    if (this.#isEndedFromElsewhere(restart.denialStamp)) this.#atStake = [];
    for (const { token, stamp, expiresAtMs } of this.#atStake) {
      if (expiresAtMs <= this.#world.clock.wallMs()) continue;
      if (stamp <= this.#liftOf(token) || this.#inLog(token).denialStamp >= stamp) continue;
      this.report(`I3: the restart is ended, and the denial of ${token.name} at ${stamp} is not re-seeded`);
    }
    this.#atStake = [];
  }

  /** A sidecar that came from the other log, with its name, could not see that this one had begun before. */
  #isEndedFromElsewhere(stamp: number): boolean {
    const { cluster, oldSidecars, sidecars } = this.#world;
    const other = cluster.elsewhere.meta?.epoch ?? '';
    return sidecars.some(({ ended, epochs }, index) => {
      const cannotSee = oldSidecars.has(index) || cluster.primary.isBirthUnclear;
      return cannotSee && ended.has(stamp) && epochs.has(other);
    });
  }

  #judge(denial: Denial, { process, index, answer }: Answered): void {
    const { token, stamp, statedAtMs, presentSinceMs, expiresAtMs } = denial;
    if (stamp <= this.#liftOf(token) || expiresAtMs <= this.#world.clock.wallMs()) return;
    const now = this.#world.clock.monotonicMs();
    // For as long, a process may follow a sidecar that still takes the other log for this one.
    const isMoving = now - this.#movedAtMs < boundMs;
    const untrue = isMoving ? undefined : this.#claims.judge(denial, process, answer);
    if (untrue !== undefined) this.report(untrue);
    if (answer === 'revoked' || answer === 'unavailable' || answer === 'accepted unknown') return;
    const { provenAtMs = Number.NEGATIVE_INFINITY } = process.replica.freshness;
    const what = `${process.party.name} finds ${token.name} ${answer}, denied at ${stamp}`;
    if (presentSinceMs !== undefined) {
      const lateMs = now - presentSinceMs;
      if (lateMs > boundMs + this.#extraMs(answer)) this.report(`I1: ${what}, ${lateMs} ms after it was logged`);
      const apart = now - this.#apartAtMs < boundMs ? maxLagMs : 0;
      if (answer === 'active by denylist' && provenAtMs - presentSinceMs > apart) {
        this.report(`I5: ${what}, and claims to be complete up to ${provenAtMs - presentSinceMs} ms later`);
      }
    } else if (this.#isHealing() && this.#heldBySomeone(token).denialStamp >= stamp && !this.#isPrunedByWrong(token)) {
      // A process that is cut off with the old primary follows another log. The bound above judges it.
      const { cluster } = this.#world;
      const asked = answer === 'active by look-up' && cluster.reachedBy(process.party.name) === cluster.primary;
      const warm = (this.#world.sidecarOf(index).freshSinceMs ?? Number.POSITIVE_INFINITY) < this.#lostAtMs;
      // A proof does not cover what was stated after it, and may come from another sidecar than the present one.
      const sinceMs = Math.max(this.#lostAtMs, this.#apartAtMs, statedAtMs);
      const proven = answer === 'active by denylist' && provenAtMs > sinceMs;
      const claimsToHold = asked || (proven && !warm);
      if (claimsToHold) this.report(`I3: ${what}, before it is re-seeded into the new log`);
    }
  }

  #judgeCutoff({ token, issuedUpTo, presentSinceMs }: Cutoff, process: SimProcess): void {
    const lateMs = this.#world.clock.monotonicMs() - (presentSinceMs ?? Number.POSITIVE_INFINITY);
    if (lateMs <= boundMs) return;
    const answer = process.ask(token.digests, issuedUpTo);
    if (!answer.startsWith('active') || lateMs <= boundMs + this.#extraMs(answer)) return;
    this.report(`I1: ${process.party.name} finds ${token.name} ${answer}, ${lateMs} ms after its cutoff was logged`);
  }

  /** A look-up may be remembered. The clock of a cut-off primary is checked by another one, which may be a minute wrong. */
  #extraMs(answer: Answer): number {
    if (answer === 'active by denylist') return 0;
    const setBackMs = Math.min(this.#world.cluster.setBackMs, agreementMs);
    return answer === 'active by memo' ? setBackMs + memoMs : setBackMs;
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

  /** A sidecar of the last release counts no heartbeats: time alone ends a recovery, also while every machine sleeps. */
  #healingClockMs(): number {
    const { clock, oldSidecars } = this.#world;
    return oldSidecars.size > 0 ? clock.wallMs() : clock.monotonicMs();
  }

  #isHealing(): boolean {
    const { cluster, oldSidecars } = this.#world;
    const { primary } = cluster;
    // A lease holder of the last release ends a recovery by the clock of the log alone, which may be set meanwhile.
    const isEndedByOld =
      oldSidecars.size > 0 && primary.state.meta !== undefined && !primary.isHealing(primary.state.meta);
    if (isEndedByOld) return false;
    const bornAtMs = this.#epoch === undefined ? undefined : this.#births.get(this.#epoch);
    // The ledger notices a new log one slice late.
    return bornAtMs !== undefined && this.#healingClockMs() - bornAtMs < healingMs - 1000;
  }

  #heldBySomeone(token: Token): Rule {
    let held = this.#inLog(token);
    for (const sidecar of this.#world.sidecars) {
      if (!sidecar.party.alive || sidecar.isMixed || this.#isUnnoticed(sidecar, token)) continue;
      held = larger(held, sidecar.held.of(this.keyOf(token)));
    }
    return held;
  }

  #inLog(token: Token): Rule {
    return this.#world.cluster.primary.state.rules.get(this.keyOf(token))?.rule ?? emptyRule;
  }

  /** Whether a token that the denial covers can still be valid. */
  #lives({ deniedUntil }: Rule): boolean {
    return this.#world.clock.wallMs() < (deniedUntil - ruleMarginSeconds) * 1000;
  }

  #denies(rule: Rule): boolean {
    return denies(rule, futureIat, Math.floor(this.#world.clock.wallMs() / 1000));
  }

  #liftOf(token: Token): number {
    return this.#lifted.get(token) ?? 0;
  }
}
