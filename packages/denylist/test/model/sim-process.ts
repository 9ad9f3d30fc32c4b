import type { Random } from '../../src/clock.ts';
import { defaultMaxStalenessMs } from '../../src/replication/max-staleness.ts';
import { openReplica, type Replica } from '../../src/replication/open-replica.ts';
import { type DigestSet, digestToHex } from '../../src/rules/digest.ts';
import { denies, emptyRule } from '../../src/rules/rule.ts';
import type { Flaw } from './flaws.ts';
import { Memory } from './memory.ts';
import type { Party } from './party.ts';
import { createSidecarFeed, type SimSidecarServer } from './sidecar-feed.ts';
import type { SimCluster } from './sim-cluster.ts';

export interface SimProcessOptions {
  readonly party: Party;
  readonly cluster: SimCluster;
  readonly random: Random;
  readonly sidecar: () => SimSidecarServer;
  readonly flaw: Flaw | undefined;
}

/** How a token came through: by what the process holds, by asking the log, or not at all. */
export type Answer = 'active by denylist' | 'active by look-up' | 'revoked' | 'unavailable';

/** One life of an API process: the real replica over the modelled feed of a sidecar, and the look-up. */
export class SimProcess {
  readonly party: Party;
  readonly replica: Replica;
  readonly memory = new Memory();
  readonly #options: SimProcessOptions;

  constructor(options: SimProcessOptions) {
    this.#options = options;
    this.party = options.party;
    this.replica = openReplica({ feed: createSidecarFeed(options), clock: options.party, random: options.random });
    this.replica.denylist.onChange((change) => this.memory.keep(change));
  }

  ask(digests: DigestSet, issuedAt: number): Answer {
    const { verdict } = this.replica.check(digests, issuedAt);
    if (verdict === 'active') return 'active by denylist';
    return verdict === 'revoked' ? 'revoked' : this.#lookUp(digests, issuedAt);
  }

  kill(): void {
    this.party.kill();
    void this.replica.close();
  }

  /** `redis/look-up.ts` over the modelled log. */
  #lookUp({ words }: DigestSet, issuedAt: number): Answer {
    const { cluster, flaw } = this.#options;
    const node = cluster.reachedBy(this.party.name);
    const meta = node?.state.meta;
    if (node === undefined) return 'unavailable';
    const rule = node.state.rules.get(digestToHex(words))?.rule ?? emptyRule;
    if (denies(rule, issuedAt, Math.floor(node.nowMs() / 1000))) return 'revoked';
    if (meta === undefined || node.nowMs() < meta.healUntilMs) return 'unavailable';
    if (flaw === 'look-up without heartbeat') return 'active by look-up';
    const age = node.nowMs() - (meta.heartbeatAtMs ?? 0);
    return age <= defaultMaxStalenessMs ? 'active by look-up' : 'unavailable';
  }
}
