import { FakeClock } from '@revocast/test-support';
import { seededRandom } from '@revocast/test-support/seeded-random';
import type { Random } from '../../src/clock.ts';
import { digestOf, digestSetOf } from '../../src/rules/digest.ts';
import type { DimensionValue } from '../../src/rules/revocation.ts';
import { forEver } from '../../src/rules/rule.ts';
import type { Flaw } from './flaws.ts';
import { Ledger } from './ledger.ts';
import { Party } from './party.ts';
import { failoverMs, SimCluster } from './sim-cluster.ts';
import { SimProcess } from './sim-process.ts';
import type { SimRedis } from './sim-redis.ts';
import { SimSidecar } from './sim-sidecar.ts';
import type { Event, Step } from './step.ts';

const sliceMs = 200;
const settleMs = 60_000;
const sidecarCount = 3;

export const tokens = ['ann', 'bob'].map((value) => {
  const name: DimensionValue = { dimension: 'subject', issuer: 'https://login.example.com/', value };
  return { name: value, digest: digestOf(name), digests: digestSetOf([name]) };
});
export type Token = (typeof tokens)[number];

export interface WorldOptions {
  /** Everything random follows from it: delays, jitter, failing connections. */
  readonly seed: number;
  readonly flaw?: Flaw;
  /** Called after every slice of time since the first two processes became fresh, before everything is mended. */
  readonly onSlice?: (world: World) => void;
}

/** Redis with a replica, sidecars with their processes, a publisher, and a ledger that watches all of it. */
export class World {
  readonly clock = new FakeClock();
  readonly cluster: SimCluster;
  readonly sidecars: SimSidecar[] = [];
  readonly processes: SimProcess[] = [];
  readonly #target = [0, 1, 2];
  readonly #flaw: Flaw | undefined;
  readonly #random: Random;
  readonly #ledger: Ledger;
  readonly #onSlice: (world: World) => void;
  #scheduled = false;
  #lastStatementSecond = 0;
  #lives = 0;

  constructor({ seed, flaw, onSlice = () => {} }: WorldOptions) {
    this.#onSlice = onSlice;
    this.#flaw = flaw;
    this.#random = seededRandom(seed);
    this.cluster = new SimCluster({
      clock: this.clock,
      bornWhole: flaw === 'born whole',
      liftsNow: flaw === 'lift stamped now',
      unrestricted: flaw === 'writes on the cut-off side',
    });
    this.#ledger = new Ledger(this);
  }

  /** Runs a schedule, mends everything, waits. @returns what went wrong, in words; empty when nothing did. */
  async run(steps: readonly Step[]): Promise<readonly string[]> {
    this.cluster.primary.declareWhole();
    for (let index = 0; index < sidecarCount; index++) this.#startSidecar(index);
    for (let index = 0; index < sidecarCount; index++) this.#startProcess(index);
    this.sidecars[2]?.kill();
    this.processes[2]?.kill();
    await this.#pass(2500);
    this.#scheduled = true;
    for (const { event, thenMs } of steps) {
      await this.#happen(event);
      await this.#pass(thenMs);
      if (this.#ledger.problems.length > 0) break;
    }
    this.#scheduled = false;
    if (this.#ledger.problems.length === 0) await this.#mendAll();
    for (const party of [...this.sidecars, ...this.processes]) party.kill();
    await this.clock.advance(0);
    return this.#ledger.problems;
  }

  async #pass(ms: number): Promise<void> {
    for (let left = ms; ; left -= sliceMs) {
      await this.clock.advance(Math.min(left, sliceMs));
      this.#ledger.watch();
      if (this.#scheduled) this.#onSlice(this);
      if (left <= sliceMs) return;
    }
  }

  async #mendAll(): Promise<void> {
    this.cluster.mend();
    for (let index = 0; index < sidecarCount; index++) {
      this.cluster.reconnect(nameOfSidecar(index));
      this.sidecars[index]?.party.resume();
      this.processes[index]?.party.resume();
      this.#startSidecar(index);
      this.#startProcess(index);
    }
    this.#ledger.noteWhatIsHeld();
    let open: readonly string[] = [];
    let calm = 0;
    for (let passed = 0; passed < settleMs && calm < 3; passed += 1000) {
      await this.#pass(1000);
      open = this.#ledger.unsettled();
      calm = open.length === 0 ? calm + 1 : 0;
    }
    for (const problem of open) this.#ledger.report(problem);
  }

  async #happen(event: Event): Promise<void> {
    const { cluster } = this;
    switch (event.kind) {
      case 'deny':
      case 'lift':
      case 'cutoff':
        return await this.#state(event.kind, tokens[event.token % tokens.length]!, () =>
          cluster.available ? cluster.primary : undefined,
        );
      case 'deny on the cut-off side':
        return await this.#state('deny', tokens[event.token % tokens.length]!, () => {
          const node = cluster.cutOffNode;
          return node !== undefined && cluster.acceptsWrites(node) ? node : undefined;
        });
      case 'failover':
        cluster.crash();
        await this.#pass(failoverMs);
        return cluster.promote();
      case 'partition': {
        const withPrimary = event.withPrimary.flatMap((index) => [nameOfSidecar(index), nameOfProcess(index)]);
        cluster.partition(new Set(withPrimary));
        await this.#pass(failoverMs);
        return cluster.promote();
      }
      case 'mend':
        return cluster.mend();
      case 'flush':
        return cluster.primary.flush();
      case 'restart empty':
        cluster.primary.flush();
        return cluster.primary.breakConnections();
      case 'trim':
        return cluster.primary.trim();
      case 'shorten':
        cluster.primary.shorten(event.writes);
        return cluster.primary.breakConnections();
      case 'cut replication':
        return cluster.cutReplication();
      case 'restore replication':
        return cluster.restoreReplication();
      case 'isolate':
        return cluster.isolate(nameOfSidecar(event.sidecar));
      case 'reconnect':
        return cluster.reconnect(nameOfSidecar(event.sidecar));
      case 'kill sidecar':
        return this.sidecars[event.sidecar]?.kill();
      case 'start sidecar':
        return this.#startSidecar(event.sidecar);
      case 'pause sidecar':
        return this.sidecars[event.sidecar]?.party.pause();
      case 'resume sidecar':
        return this.sidecars[event.sidecar]?.party.resume();
      case 'jump wall':
        return this.sidecars[event.sidecar]?.party.jumpWall(event.ms);
      case 'kill process':
        return this.processes[event.process]?.kill();
      case 'start process':
        return this.#startProcess(event.process);
      case 'pause process':
        return this.processes[event.process]?.party.pause();
      case 'resume process':
        return this.processes[event.process]?.party.resume();
      case 'switch':
        this.#target[event.process] = event.sidecar;
        return;
      case 'wait':
        return;
    }
  }

  /** One statement a second at most: the log's clock counts in seconds, and docs/protocol.md says so. */
  async #state(kind: 'deny' | 'lift' | 'cutoff', token: Token, reach: () => SimRedis | undefined): Promise<void> {
    const second = () => Math.floor(this.clock.wallMs() / 1000);
    if (second() === this.#lastStatementSecond) await this.#pass(1000 - (this.clock.wallMs() % 1000));
    this.#lastStatementSecond = second();
    const node = reach();
    if (node === undefined) return;
    const statement =
      kind === 'deny'
        ? ({ kind, until: forEver } as const)
        : kind === 'cutoff'
          ? ({ kind, issuedUpTo: 'now' } as const)
          : ({ kind } as const);
    const seen = node.state.rules.get(this.#ledger.keyOf(token))?.rule.denialStamp ?? 0;
    const { rule } = node.append(token.digest, statement);
    this.#ledger.noteStatement(kind, token, { rule, seen: seen === 0 ? second() : seen });
  }

  #startSidecar(index: number): void {
    if (this.sidecars[index]?.party.alive) return;
    const party = new Party(nameOfSidecar(index), this.clock);
    this.#lives += 1;
    const feed = this.#lives.toString(16).padStart(16, '0');
    this.sidecars[index] = new SimSidecar({
      party,
      cluster: this.cluster,
      random: this.#random,
      feed,
      flaw: this.#flaw,
    });
  }

  #startProcess(index: number): void {
    if (this.processes[index]?.party.alive) return;
    const party = new Party(nameOfProcess(index), this.clock);
    this.processes[index] = new SimProcess({
      party,
      cluster: this.cluster,
      random: this.#random,
      sidecar: () => this.sidecarOf(index).server,
      flaw: this.#flaw,
    });
  }

  sidecarOf(process: number): SimSidecar {
    return this.sidecars[this.#target[process]!]!;
  }
}

function nameOfSidecar(index: number): string {
  return `S${index}`;
}

function nameOfProcess(index: number): string {
  return `P${index}`;
}
