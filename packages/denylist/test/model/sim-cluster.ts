import type { FakeClock } from '@revocast/test-support';
import { digestOf } from '../../src/rules/digest.ts';
import { emptyRule, forEver } from '../../src/rules/rule.ts';
import { type LogState, SimRedis, type SimRedisOptions } from './sim-redis.ts';

/** Denied by the log that another name leads to. */
export const strangerDigest = digestOf({ dimension: 'subject', issuer: 'https://login.example.com/', value: 'zoe' });

/** `min-replicas-max-lag`: a primary cut off from its replica refuses writes after this long. */
export const maxLagMs = 3000;
/** No failover is quicker: Sentinels take longer to agree, and one second of the log's clock must pass. */
export const failoverMs = 2000;

/**
 * A primary, a redis replica, and which party reaches which of them. A replica may lag (its link is cut). A primary may be
 * cut off together with some parties, while its replica is promoted for the others.
 */
export class SimCluster {
  readonly #clock: FakeClock;
  readonly #unrestricted: boolean;
  #primary: SimRedis;
  #replica: SimRedis;
  /** The state of the log to which the name does not lead. */
  #elsewhere: LogState;
  #isAway = false;
  #replicating = true;
  #down = false;
  #cutOff:
    | {
        readonly node: SimRedis;
        readonly parties: ReadonlySet<string>;
        readonly sinceMs: number;
        readonly aheadMs: number;
      }
    | undefined;
  readonly #isolated = new Set<string>();

  constructor(options: Omit<SimRedisOptions, 'name'>) {
    this.#clock = options.clock;
    this.#unrestricted = options.flaw === 'writes on the cut-off side';
    this.#primary = new SimRedis({ ...options, name: 'A' });
    this.#replica = new SimRedis({ ...options, name: 'B' });
    const other = new SimRedis({ ...options, name: 'C' });
    other.declareWhole();
    other.append(strangerDigest, { kind: 'seed', rule: { ...emptyRule, deniedUntil: forEver, denialStamp: 1 } });
    this.#elsewhere = other.state;
    for (const node of this.nodes) node.onWrite = (state) => this.#ship(node, state);
  }

  get nodes(): readonly SimRedis[] {
    return [this.#primary, this.#replica];
  }

  /** The primary that publishers reach. Its state counts after a partition. */
  get primary(): SimRedis {
    return this.#primary;
  }

  /** The Redis that a failover promotes. */
  get replica(): SimRedis {
    return this.#replica;
  }

  get available(): boolean {
    return !this.#down;
  }

  /** Whether a write reaches both nodes. */
  get durable(): boolean {
    return this.#replicating && this.#cutOff === undefined;
  }

  get cutOffNode(): SimRedis | undefined {
    return this.#cutOff?.node;
  }

  /** The Redis that a party reaches, if there is one. */
  reachedBy(party: string): SimRedis | undefined {
    if (this.#isolated.has(party)) return undefined;
    if (this.#cutOff?.parties.has(party)) return this.#cutOff.node;
    return this.#down ? undefined : this.#primary;
  }

  /** Milliseconds by which the clock of the cut-off primary was set back. */
  get setBackMs(): number {
    return this.#cutOff === undefined ? 0 : Math.max(0, this.#cutOff.aheadMs - this.#cutOff.node.aheadMs);
  }

  acceptsWrites(node: SimRedis): boolean {
    if (this.#cutOff?.node !== node || this.#unrestricted) return true;
    return this.#clock.monotonicMs() - this.#cutOff.sinceMs <= maxLagMs;
  }

  cutReplication(): void {
    this.#replicating = false;
  }

  restoreReplication(): void {
    if (this.#cutOff !== undefined) return;
    this.#replicating = true;
    this.#replica.become(this.#primary.state);
  }

  /** Every server starts with an older state. */
  restore(state: LogState): void {
    for (const node of this.nodes) {
      node.become(state);
      node.breakConnections();
    }
  }

  /** The name of the log leads to another one, which lives; or to the first one again. */
  move(): void {
    const present = this.#primary.state;
    this.restore(this.#elsewhere);
    this.#elsewhere = present;
    this.#isAway = !this.#isAway;
  }

  /** The log to which the name does not lead. */
  get elsewhere(): LogState {
    return this.#elsewhere;
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  isolate(party: string): void {
    this.#isolated.add(party);
  }

  reconnect(party: string): void {
    this.#isolated.delete(party);
  }

  /** The primary dies. No party is served until `promote`. */
  crash(): void {
    if (this.#cutOff !== undefined || this.#down) return;
    this.#down = true;
    this.#primary.breakConnections();
  }

  /** The primary is cut off with some parties. No other party is served until `promote`. */
  partition(parties: ReadonlySet<string>): void {
    if (this.#cutOff !== undefined || this.#down) return;
    this.#cutOff = { node: this.#primary, parties, sinceMs: this.#clock.monotonicMs(), aheadMs: this.#primary.aheadMs };
    this.#replicating = false;
    this.#down = true;
  }

  /** The replica takes over with what it has. A crashed primary returns as its replica. */
  promote(): void {
    if (!this.#down) return;
    [this.#primary, this.#replica] = [this.#replica, this.#primary];
    this.#down = false;
    if (this.#cutOff === undefined) this.restoreReplication();
  }

  /** The cut-off primary returns as a replica, without what only it had. */
  endPartition(): void {
    if (this.#down) this.promote();
    const node = this.#cutOff?.node;
    this.#cutOff = undefined;
    this.restoreReplication();
    node?.breakConnections();
  }

  #ship(from: SimRedis, state: LogState): void {
    if (from === this.#primary && this.#replicating) this.#replica.become(state);
  }
}
