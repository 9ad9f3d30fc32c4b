import type { Random } from '../../src/clock.ts';
import { FeedError, type FeedPosition } from '../../src/log/feed.ts';
import type { LostRule } from '../../src/log/revocation-log.ts';
import type { LogMemory } from '../../src/replication/log-memory.ts';
import { openReplica, type Replica } from '../../src/replication/open-replica.ts';
import type { Reseed } from '../../src/replication/reseed.ts';
import { digestToHex } from '../../src/rules/digest.ts';
import { endOfRestart, restartDigest } from '../../src/rules/log-restart.ts';
import type { Flaw } from './flaws.ts';
import { keepLog } from './forgetting.ts';
import type { Links } from './links.ts';
import { createLogFeed, travel } from './log-feed.ts';
import { Memory } from './memory.ts';
import type { Party } from './party.ts';
import { ReaderRegistry } from './reader-registry.ts';
import type { SimCluster } from './sim-cluster.ts';
import { SimServer } from './sim-server.ts';
import type { Token } from './world.ts';

const beatMs = 500;
/** A connection that was closed is opened again: by chance alone writing back does not fail more often in a row. */
const chanceFailures = 4;

export interface SimSidecarOptions {
  readonly party: Party;
  readonly cluster: SimCluster;
  readonly links: Links;
  readonly random: Random;
  readonly feed: string;
  readonly flaw: Flaw | undefined;
  readonly compared: readonly Token[];
  /** Of the last release, on its side towards the log. */
  readonly isOld: boolean;
  /** What it remembers of the log, from its state file too. */
  readonly memory: LogMemory;
  /** Milliseconds that a message to the log, or from it, takes: at least, and less than. Default 0–20, and 0 for heartbeats. */
  readonly lateMs?: readonly [number, number] | undefined;
}

/** One life of a sidecar: the real replica over the modelled log, its heartbeats, its feed. */
export class SimSidecar {
  readonly party: Party;
  readonly replica: Replica;
  readonly server: SimServer;
  /** Reports to the log hang. */
  reportsHang = false;
  /** Nothing passes on the connection that reads the log. */
  tailHangs = false;
  /** It holds rules of two logs, and writes none of them back. */
  isMixed = false;
  /** Everything that its denylist has ever held. */
  readonly held = new Memory();
  /** What it has appended to the log because the log had lost it. */
  readonly writtenBack = new Memory();
  /** The logs whose entries it has applied, by their epochs. */
  readonly epochs = new Set<string>();
  /** Stamps of the restarts that it has ended, as the holder of everything that was lost. */
  readonly ended = new Set<number>();
  /** The log up to here is applied, or will be once the last snapshot is complete. */
  position: FeedPosition | undefined;
  /** What it remembers of the log. */
  readonly memory: LogMemory;
  /** Monotonic time at which it was fresh first. */
  freshSinceMs: number | undefined;

  constructor(options: SimSidecarOptions) {
    const { party, links, flaw } = options;
    this.party = party;
    this.memory = options.memory;
    const registry = new ReaderRegistry({ id: options.feed, clock: party, isRelay: false, flaw });
    const reportsHang = () => this.reportsHang;
    const tailHangs = () => this.tailHangs;
    this.replica = openReplica({
      feed: createLogFeed({ ...options, registry, reportsHang, tailHangs, onSnapshot: () => this.#onSnapshot(flaw) }),
      clock: party,
      random: options.random,
      reseed: createReseed(options, this),
      memory: options.isOld ? undefined : options.memory,
      observer: {
        resynced: () => registry.forgetMarks(),
        connected: (position) => {
          this.position = position;
        },
        logIdentified: (_, before) => {
          this.isMixed ||= before !== undefined;
        },
        freshnessChanged: ({ state }) => {
          if (state === 'fresh') this.freshSinceMs ??= party.monotonicMs();
        },
      },
    });
    this.replica.denylist.onChange((change) => this.held.keep(change));
    this.replica.onPosition((position) => {
      this.position = position;
      this.epochs.add(position.epoch);
    });
    this.server = new SimServer({ party, replica: this.replica, registry, links, flaw });
    void beat(options);
    void keepLog({ ...options, replica: this.replica, isMixed: () => this.isMixed });
    if (flaw === 'restart ended by anyone') void endRestarts(this.replica, options);
  }

  kill(): void {
    this.party.kill();
    void this.replica.close();
  }

  #onSnapshot(flaw: Flaw | undefined): void {
    if (flaw !== 'clear instead of union') return;
    for (let slice = 0; slice < 8; slice++) this.replica.denylist.forget(Number.POSITIVE_INFINITY, 0);
  }
}

async function beat(options: SimSidecarOptions): Promise<void> {
  const { party, cluster, feed, memory, isOld, lateMs } = options;
  while (party.alive) {
    const beganAtMs = party.monotonicMs();
    if (lateMs !== undefined) await travel(options);
    const node = cluster.reachedBy(party.name);
    if (node !== undefined && cluster.acceptsWrites(node)) {
      if (isOld) node.oldHeartbeat(feed);
      else node.heartbeat(feed, party.reading(), memory.latest);
      const { epoch = '', identity = '' } = node.state.meta ?? {};
      if (!isOld) memory.named(epoch, identity);
    }
    if (lateMs !== undefined) await travel(options);
    await party.sleep(Math.max(0, beatMs - (party.monotonicMs() - beganAtMs)), party.death);
  }
}

async function endRestarts(replica: Replica, { party, cluster }: SimSidecarOptions): Promise<void> {
  while (party.alive) {
    const node = cluster.reachedBy(party.name);
    const { restart } = replica.denylist;
    if (node !== undefined && restart !== undefined && replica.freshness.isFresh() && cluster.acceptsWrites(node)) {
      node.append(restartDigest, { kind: 'seed', rule: endOfRestart(restart) });
    }
    await party.sleep(beatMs, party.death);
  }
}

/** Writes over a connection of its own, which now and then is still closed after Redis was down. */
function createReseed(
  { party, cluster, random, feed, flaw, isOld }: SimSidecarOptions,
  { writtenBack, ended }: Pick<SimSidecar, 'writtenBack' | 'ended'>,
): Reseed {
  let failed = 0;
  return {
    async append(rules, signal, identity) {
      let restored = 0;
      for (const { digest, rule } of inOrder(rules)) {
        await party.sleep(Math.floor(random() * 20), signal);
        if (signal.aborted || !party.alive) break;
        const node = cluster.reachedBy(party.name);
        const isClosed = random() < 0.25 && failed < chanceFailures;
        if (node === undefined || !cluster.acceptsWrites(node) || isClosed) {
          if (isClosed) failed += 1;
          throw new FeedError('unreachable', 'no Redis in reach');
        }
        const isOther = identity !== undefined && node.state.meta?.identity !== identity;
        if (isOther && flaw !== 'logs without identity') throw new FeedError('wrong_log', 'another log');
        if (flaw === 're-seed by lease holder only' && node.state.lease?.holder !== feed) continue;
        const outcome = node.append(digest, { kind: 'seed', rule }, isOld ? undefined : party.reading());
        if (typeof outcome === 'string' || !outcome.changed) continue;
        writtenBack.keep({ digest, rule });
        restored += 1;
      }
      failed = 0;
      return restored;
    },
    async endRestart(stamp) {
      const node = cluster.reachedBy(party.name);
      if (node === undefined || !cluster.acceptsWrites(node)) throw new FeedError('unreachable', 'no Redis in reach');
      node.endRestart(stamp);
      ended.add(stamp);
    },
    async recall(remembered, act) {
      const node = cluster.reachedBy(party.name);
      if (node === undefined || !cluster.acceptsWrites(node)) throw new FeedError('unreachable', 'no Redis in reach');
      return node.recall(remembered, act, party.reading());
    },
  };
}

/** A table places its rules by a secret of the process. A schedule must run the same each time. */
function inOrder(rules: readonly LostRule[]): readonly LostRule[] {
  return rules.toSorted((a, b) => (digestToHex(a.digest) < digestToHex(b.digest) ? -1 : 1));
}
