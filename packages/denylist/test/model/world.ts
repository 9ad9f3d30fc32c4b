import { FakeClock } from '@revocast/test-support/fake-clock';
import { seededRandom } from '@revocast/test-support/seeded-random';
import type { Random } from '../../src/clock.ts';
import { formatPosition } from '../../src/http/wire/wire.ts';
import { LogMemory, type RememberedLog } from '../../src/replication/log-memory.ts';
import { defaultMaxStalenessMs } from '../../src/replication/max-staleness.ts';
import { type Digest, type DigestSet, digestOf, digestSetOf } from '../../src/rules/digest.ts';
import type { DimensionValue } from '../../src/rules/revocation.ts';
import { emptyRule, forEver, ruleMarginSeconds } from '../../src/rules/rule.ts';
import type { Statement } from '../../src/rules/statement.ts';
import type { Flaw } from './flaws.ts';
import { Host } from './host.ts';
import { Issuer } from './issuer.ts';
import { Ledger } from './ledger.ts';
import { Links } from './links.ts';
import { Party } from './party.ts';
import { failoverMs, SimCluster } from './sim-cluster.ts';
import { type ProcessKind, SimProcess } from './sim-process.ts';
import type { LogState, SimRedis } from './sim-redis.ts';
import { SimRelay } from './sim-relay.ts';
import type { SimServer, Stream } from './sim-server.ts';
import { SimSidecar } from './sim-sidecar.ts';
import { type Event, type Step, shortLifeSeconds } from './step.ts';
import { judgeTimes, momentAt } from './times.ts';

const sliceMs = 200;
const settleMs = 60_000;
/** Between two writes of a state file. */
const stateFileMs = 2000;
const sidecarCount = 3;
const publisherName = 'publisher';
const processCount = 3;
const relayCount = 2;

const [ann, bob, tim, eve] = ['ann', 'bob', 'tim', 'eve'].map((value) => {
  const name: DimensionValue = { dimension: 'subject', issuer: 'https://login.example.com/', value };
  return { name: value, digest: digestOf(name), digests: digestSetOf([name]) };
}) as [Token, Token, Token, Token];

export interface Token {
  readonly name: string;
  readonly digest: Digest;
  readonly digests: DigestSet;
}

/** Denied for ever, and lifted. */
const lastingTokens: readonly Token[] = [ann, bob];
/** Denied until it expires. */
export const shortToken = tim;
export const tokens: readonly Token[] = [...lastingTokens, shortToken];
/** Denied after the schedule only, to check that `enforcedEverywhere` says yes again. */
const probe = eve;

/** After these events the log may lack its newest writes. */
const losses: ReadonlySet<Event['kind']> = new Set([
  'failover',
  'partition',
  'flush',
  'restart empty',
  'shorten',
  'restore backup',
]);

/** What a publisher states. */
type Said = 'deny' | 'deny short' | 'lift' | 'cutoff' | 'cutoff by the issuer' | OldSaid;
/** By a publisher of the last release. */
type OldSaid = 'old deny' | 'old lift' | 'old cutoff';

const usual: ProcessKind = { isLegacy: false, failOpen: false, lookUp: true };

export interface WorldOptions {
  /** Seed of all that is random: delays, jitter, failing connections. */
  readonly seed: number;
  readonly flaw?: Flaw | undefined;
  /** The configuration of each of the three processes. Default: the present wire, strict, with a look-up. */
  readonly kinds?: readonly ProcessKind[];
  /** Whether the run also waits until `enforcedEverywhere` says yes. Default false, because that takes long. */
  readonly probes?: boolean;
  /** The sidecars that remember the log between two lives. Default all. */
  readonly stateFiles?: readonly number[];
  /** The sidecars of the last release. Default none. */
  readonly oldSidecars?: readonly number[];
  /** Whether sidecars compare the log with what they hold, which mends what they should notice otherwise. Default true. */
  readonly compares?: boolean;
  /** Milliseconds that a message of a sidecar to the log, or from it, takes: at least, and less than. Default 0–20. */
  readonly lateMs?: readonly [number, number];
  /** Called after every slice of time since the first two processes became fresh, before all faults are ended. */
  readonly onSlice?: (world: World) => void;
}

/** Redis with a replica, sidecars, relays, API processes, a publisher, and a ledger that judges all of them. */
export class World {
  readonly clock = new FakeClock({ hasIo: false });
  readonly cluster: SimCluster;
  readonly links = new Links(() => this.clock.monotonicMs());
  readonly flaw: Flaw | undefined;
  readonly sidecars: SimSidecar[] = [];
  /** A relay exists once a schedule has started it. */
  readonly relays: SimRelay[] = [];
  readonly processes: SimProcess[] = [];
  readonly issuer: Issuer;
  readonly #kinds: readonly ProcessKind[];
  readonly #probes: boolean;
  readonly compares: boolean;
  readonly #lateMs: readonly [number, number] | undefined;
  /** Index of the server that each process follows, then of the server that each relay follows. Relays are servers 3 and 4. */
  readonly #target = [0, 1, 2, 0, 3];
  readonly #ghosts: Party[] = [];
  readonly #random: Random;
  readonly #ledger: Ledger;
  readonly #onSlice: (world: World) => void;
  /** By the name of the party that runs on it. */
  readonly #hosts = new Map<string, Host>();
  #publisher = publisherName;
  #backup: LogState | undefined;
  readonly #stateFiles: ReadonlySet<string>;
  /** The sidecars of the last release. */
  readonly oldSidecars: ReadonlySet<number>;
  readonly #stateFile = new Map<string, RememberedLog>();
  #scheduled = false;
  #lastStatementSecond = 0;
  #lives = 0;

  constructor({
    seed,
    flaw,
    kinds = [],
    probes = false,
    compares = true,
    oldSidecars = [],
    stateFiles = [0, 1, 2],
    lateMs,
    onSlice = () => {},
  }: WorldOptions) {
    this.#onSlice = onSlice;
    this.flaw = flaw;
    this.#kinds = kinds;
    this.#probes = probes;
    this.compares = compares;
    this.#lateMs = lateMs;
    this.oldSidecars = new Set(oldSidecars);
    this.#stateFiles = new Set(stateFiles.map(nameOfSidecar));
    this.#random = seededRandom(seed);
    this.cluster = new SimCluster({
      clock: this.clock,
      flaw,
    });
    this.issuer = new Issuer(this.#hostOf('issuer'), flaw);
    this.#ledger = new Ledger(this);
  }

  /** The host of the publisher. */
  get publisher(): Host {
    return this.#hostOf(this.#publisher);
  }

  /** Runs a schedule, ends all faults and waits. @returns a sentence for each broken promise. */
  async run(steps: readonly Step[]): Promise<readonly string[]> {
    this.cluster.primary.declareWhole();
    for (let index = 0; index < sidecarCount; index++) this.#startSidecar(index);
    for (let index = 0; index < processCount; index++) this.#startProcess(index);
    this.sidecars[2]?.kill();
    this.processes[2]?.kill();
    await this.#pass(2500);
    this.#scheduled = true;
    for (const { event, thenMs } of steps) {
      this.#ledger.noteEvent();
      await this.#happen(event);
      this.#ledger.noteHappened();
      await this.#pass(thenMs);
      if (this.#ledger.problems.length > 0) break;
    }
    this.#scheduled = false;
    if (this.#ledger.problems.length === 0) await this.#endFaults();
    for (const party of [...this.sidecars, ...this.relays, ...this.processes, ...this.#ghosts]) party.kill();
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

  async #endFaults(): Promise<void> {
    this.cluster.endPartition();
    if (this.cluster.isAway) await this.#happen({ kind: 'move name' });
    for (let index = 0; index < sidecarCount; index++) {
      this.cluster.reconnect(nameOfSidecar(index));
      this.sidecars[index]!.party.resume();
      this.#startSidecar(index);
      this.sidecars[index]!.reportsHang = false;
      this.sidecars[index]!.tailHangs = false;
    }
    for (let index = 0; index < relayCount; index++) {
      this.links.restore(nameOfRelay(index));
      this.relays[index]?.party.resume();
      if (this.relays[index] !== undefined) this.#startRelay(index);
    }
    for (let index = 0; index < processCount; index++) {
      this.links.restore(nameOfProcess(index));
      this.processes[index]!.party.resume();
      this.#startProcess(index);
    }
    this.#ledger.noteEvent();
    this.#ledger.noteWhatIsHeld();
    if (this.#probes) await this.#state('deny', probe, () => this.cluster.primary);
    let open: readonly string[] = [];
    let calm = 0;
    for (let passed = 0; passed < settleMs && calm < 3; passed += 1000) {
      await this.#pass(1000);
      const unsaid = this.#probes && !this.#ledger.isClaimed(probe);
      open = [...this.#ledger.unsettled(), ...(unsaid ? ['I5: never said to be enforced everywhere'] : [])];
      calm = open.length === 0 ? calm + 1 : 0;
    }
    for (const problem of open) this.#ledger.report(problem);
  }

  async #happen(event: Event): Promise<void> {
    const { cluster } = this;
    this.issuer.issue(this.clock.wallMs());
    if (losses.has(event.kind)) this.#ledger.noteLoss();
    switch (event.kind) {
      case 'deny':
      case 'lift':
      case 'cutoff':
      case 'cutoff by the issuer':
      case 'old deny':
      case 'old lift':
      case 'old cutoff':
        return await this.#state(event.kind, lastingTokens[event.token % lastingTokens.length]!, () =>
          cluster.available ? cluster.primary : undefined,
        );
      case 'deny short':
        return await this.#state(event.kind, shortToken, () => (cluster.available ? cluster.primary : undefined));
      case 'prune short':
        return cluster.primary.remove(shortToken.digest);
      case 'back up':
        this.#backup = cluster.primary.state;
        return;
      case 'restore backup':
        if (this.#backup !== undefined) this.#restore(this.#backup);
        return;
      case 'move name':
        this.#ledger.noteLoss();
        cluster.move();
        return this.#ledger.noteMove();
      case 'stop all sidecars':
        for (const sidecar of this.sidecars) sidecar.kill();
        return;
      case 'night':
        this.clock.jumpWall(event.ms);
        return;
      case 'deny on the cut-off side':
        return await this.#state('deny', lastingTokens[event.token % lastingTokens.length]!, () => {
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
      case 'end partition':
        return cluster.endPartition();
      case 'flush':
        return cluster.primary.flush();
      case 'restart empty':
        cluster.primary.flush();
        return cluster.primary.breakConnections();
      case 'trim':
        this.#ledger.noteTrim();
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
        return this.#serverAt(event.sidecar)?.kill();
      case 'start sidecar':
        if (event.sidecar < sidecarCount) return this.#startSidecar(event.sidecar);
        return this.#startRelay(event.sidecar - sidecarCount);
      case 'pause sidecar':
        return this.#serverAt(event.sidecar)?.party.pause();
      case 'resume sidecar':
        return this.#serverAt(event.sidecar)?.party.resume();
      case 'jump wall':
        return this.#hostOf(nameOfServer(event.sidecar)).step(event.ms);
      case 'step log clock':
        return cluster.primary.stepClock(event.ms);
      case 'step replica clock':
        return cluster.replica.stepClock(event.ms);
      case 'step publisher clock':
        return this.publisher.step(event.ms);
      case 'step issuer clock':
        return this.issuer.host.step(event.ms);
      case 'move publisher':
        this.#publisher = event.sidecar < sidecarCount ? nameOfSidecar(event.sidecar) : publisherName;
        return;
      case 'hang reports':
      case 'resume reports':
        if (event.sidecar < sidecarCount) this.sidecars[event.sidecar]!.reportsHang = event.kind === 'hang reports';
        return;
      case 'hang tail':
      case 'resume tail':
        if (event.sidecar < sidecarCount) this.sidecars[event.sidecar]!.tailHangs = event.kind === 'hang tail';
        return;
      case 'ghost':
        return this.#addGhost(this.#serverAt(event.sidecar)?.server);
      case 'cut link':
        return this.links.cut(nameOfReader(event.reader));
      case 'restore link':
        return this.links.restore(nameOfReader(event.reader));
      case 'drop connection':
        for (const stream of this.#streamsOf(event.reader)) this.#upstreamOf(event.reader)?.close(stream);
        return;
      case 'lose change':
      case 'double change':
      case 'swap changes':
        for (const stream of this.#streamsOf(event.reader)) stream.spoilNext(event.kind);
        return;
      case 'forge report':
        return this.#forgeReport(event.reader);
      case 'point relay': {
        // The first relay follows a sidecar, the second one a sidecar or the first: no circles.
        const servers = sidecarCount + event.relay;
        this.#target[processCount + event.relay] = event.sidecar % servers;
        return;
      }
      case 'kill process':
        return this.processes[event.process]?.kill();
      case 'start process':
        return this.#startProcess(event.process);
      case 'pause process':
        return this.processes[event.process]?.party.pause();
      case 'resume process':
        this.processes[event.process]?.party.resume();
        // A request that waited in the socket is answered before any timer runs.
        return this.#ledger.watch();
      case 'switch':
        this.#target[event.process] = event.sidecar;
        if (event.sidecar >= sidecarCount) this.#startRelay(event.sidecar - sidecarCount);
        return;
      case 'wait':
        return;
    }
  }

  /** At most one statement in a second: the log's clock counts in seconds (docs/protocol.md). */
  async #state(kind: Said, token: Token, reach: () => SimRedis | undefined): Promise<void> {
    const second = () => Math.floor(this.clock.wallMs() / 1000);
    if (second() === this.#lastStatementSecond) await this.#pass(1000 - (this.clock.wallMs() % 1000));
    this.#lastStatementSecond = second();
    const node = reach();
    if (node === undefined || this.cluster.isAway) return;
    const trueMs = this.clock.wallMs();
    const held = node.state.rules.get(this.#ledger.keyOf(token))?.rule ?? emptyRule;
    const writer = this.publisher.reading(trueMs);
    const moment = momentAt(node, writer, { trueMs, held });
    const statement = this.#statementOf(kind);
    const isOld = kind.startsWith('old ');
    const outcome = isOld ? node.oldAppend(token.digest, statement) : node.append(token.digest, statement, writer);
    if (outcome === 'cutoff_in_future') return;
    const stated = statement.kind === 'seed' ? 'deny' : statement.kind;
    const isByLog = !isOld && kind !== 'cutoff by the issuer';
    const untimely = isByLog ? judgeTimes(stated, moment, outcome) : undefined;
    if (untimely !== undefined) this.#ledger.report(untimely);
    if (outcome === 'clock_disagreement') return;
    const { rule } = outcome;
    const missed = kind === 'cutoff by the issuer' ? this.issuer.judge(rule.issuedUpTo) : undefined;
    if (missed !== undefined) this.#ledger.report(missed);
    const appended = { ...node.end, monotonicMs: this.clock.monotonicMs() };
    const expiresAtMs = kind === 'deny short' ? trueMs + shortLifeSeconds * 1000 : Number.POSITIVE_INFINITY;
    this.#ledger.noteStatement(stated, token, { rule, held, appended, expiresAtMs });
  }

  #statementOf(kind: Said): Statement {
    switch (kind) {
      case 'deny':
      case 'old deny':
        return { kind: 'deny', until: forEver };
      case 'deny short': {
        const expiresAt = Math.floor(this.clock.wallMs() / 1000) + shortLifeSeconds;
        return { kind: 'deny', until: expiresAt + ruleMarginSeconds };
      }
      case 'cutoff':
      case 'old cutoff':
        return { kind: 'cutoff', issuedUpTo: 'now' };
      case 'cutoff by the issuer':
        return { kind: 'cutoff', issuedUpTo: this.issuer.cutoff(this.clock.wallMs()) };
      case 'lift':
      case 'old lift':
        return { kind: 'lift' };
    }
  }

  /** Milliseconds that the clocks of the sidecars and relays that run are ahead. */
  get serverErrorsMs(): readonly number[] {
    const running = [...this.sidecars, ...this.relays].filter((server) => server?.party.alive);
    return running.map(({ party }) => party.wallMs() - this.clock.wallMs());
  }

  #partyNamed(name: string): Party {
    return new Party(name, this.#hostOf(name), this.clock);
  }

  #hostOf(name: string): Host {
    const host = this.#hosts.get(name) ?? new Host(`boot of ${name}`);
    this.#hosts.set(name, host);
    return host;
  }

  #startSidecar(index: number): void {
    if (this.sidecars[index]?.party.alive) return;
    const party = this.#partyNamed(nameOfSidecar(index));
    const { cluster, links, flaw } = this;
    this.sidecars[index] = new SimSidecar({
      party,
      cluster,
      links,
      flaw,
      random: this.#random,
      feed: this.#nextFeed(),
      memory: this.#memoryOf(party),
      isOld: this.oldSidecars.has(index),
      lateMs: this.#lateMs,
      compared: this.compares ? [...tokens, probe] : [],
    });
  }

  #restore(state: LogState): void {
    this.#ledger.noteRestore(state);
    this.cluster.restore(state);
  }

  /** In memory, and in its state file if it has one. */
  #memoryOf(party: Party): LogMemory {
    const memory = new LogMemory(party, this.#stateFile.get(party.name));
    if (this.#stateFiles.has(party.name)) void this.#keepStateFile(party, memory);
    return memory;
  }

  async #keepStateFile(party: Party, memory: LogMemory): Promise<void> {
    while (party.alive) {
      await party.sleep(stateFileMs, party.death);
      if (party.alive && memory.latest !== undefined) this.#stateFile.set(party.name, memory.latest);
    }
  }

  /** What the sidecars remember: those that run, and the state files of those that do not. */
  get remembered(): readonly { readonly name: string; readonly log: RememberedLog }[] {
    const alive = this.sidecars.filter(({ party }) => party.alive);
    const running = alive.flatMap(({ party: { name }, memory: { latest } }) =>
      latest === undefined ? [] : [{ name, log: latest }],
    );
    const stopped = [...this.#stateFile].filter(([name]) => !alive.some(({ party }) => party.name === name));
    return [...running, ...stopped.map(([name, log]) => ({ name, log }))];
  }

  #startRelay(index: number): void {
    if (index === 1) this.#startRelay(0);
    if (this.relays[index]?.party.alive) return;
    const party = this.#partyNamed(nameOfRelay(index));
    const { links, flaw } = this;
    const upstream = () => this.#upstreamOf(processCount + index);
    this.relays[index] = new SimRelay({ party, links, flaw, upstream, random: this.#random, feed: this.#nextFeed() });
  }

  #startProcess(index: number): void {
    if (this.processes[index]?.party.alive) return;
    const party = this.#partyNamed(nameOfProcess(index));
    const { cluster, links, flaw } = this;
    const kind = this.#kinds[index] ?? usual;
    const upstream = () => this.#upstreamOf(index);
    this.#lives += 1;
    const name = `${party.name} ${this.#lives}`;
    // A reader of the old wire draws its name at its start. All readers of the present wire have the same label.
    const label = kind.isLegacy ? name : 'api';
    const random = this.#random;
    this.processes[index] = new SimProcess({ ...kind, name, party, cluster, links, flaw, upstream, label, random });
  }

  /** 16 hex digits. */
  #nextFeed(): string {
    this.#lives += 1;
    return this.#lives.toString(16).padStart(16, '0');
  }

  /** A reader that answers every ping and acknowledges nothing. */
  #addGhost(server: SimServer | undefined): void {
    if (server === undefined || !server.party.alive) return;
    const party = this.#partyNamed(`ghost ${this.#ghosts.length}`);
    this.#ghosts.push(party);
    const row = { id: '', process: party.name, cursor: undefined, failOpen: false, lookUp: false, isServer: false };
    const rows = [{ ...row, maxStalenessMs: defaultMaxStalenessMs }];
    const stream = server.join(party, { label: 'ghost', secret: undefined, rows });
    stream.wake = () => {
      stream.frames.length = 0;
    };
    server.resume(stream, formatPosition({ feed: server.feed, n: server.n }));
  }

  /** An attacker reports, under the name of a process of the old wire, that it has applied everything. */
  #forgeReport(reader: number): void {
    const server = this.#upstreamOf(reader);
    if (server === undefined || !server.party.alive || server.party.paused) return;
    this.processes[reader]?.forgeReport(server);
  }

  #serverAt(index: number): SimSidecar | SimRelay | undefined {
    return index < sidecarCount ? this.sidecars[index] : this.relays[index - sidecarCount];
  }

  #upstreamOf(reader: number): SimServer | undefined {
    return this.#serverAt(this.#target[reader]!)?.server;
  }

  #streamsOf(reader: number): readonly Stream[] {
    const party = reader < processCount ? this.processes[reader]?.party : this.relays[reader - processCount]?.party;
    return party === undefined ? [] : (this.#upstreamOf(reader)?.streamsOf(party) ?? []);
  }

  /** The sidecar that a process follows, directly or through relays. */
  sidecarOf(process: number): SimSidecar {
    let server = this.#target[process]!;
    while (server >= sidecarCount) server = this.#target[processCount + server - sidecarCount]!;
    return this.sidecars[server]!;
  }
}

function nameOfSidecar(index: number): string {
  return `S${index}`;
}

function nameOfRelay(index: number): string {
  return `R${index}`;
}

function nameOfServer(index: number): string {
  return index < sidecarCount ? nameOfSidecar(index) : nameOfRelay(index - sidecarCount);
}

function nameOfProcess(index: number): string {
  return `P${index}`;
}

function nameOfReader(index: number): string {
  return index < processCount ? nameOfProcess(index) : nameOfRelay(index - processCount);
}
