import type { LogMemory } from '../../src/replication/log-memory.ts';
import type { Replica } from '../../src/replication/open-replica.ts';
import { digestToHex } from '../../src/rules/digest.ts';
import {
  defaultMaxTokenLifetimeSeconds,
  emptyRule,
  forgettableAt,
  mergeRules,
  sameRule,
} from '../../src/rules/rule.ts';
import type { Flaw } from './flaws.ts';
import type { Party } from './party.ts';
import type { SimCluster } from './sim-cluster.ts';
import type { Token } from './world.ts';

const roundMs = 1000;
/** A rule that ends sooner is not written back: a sidecar whose clock is slow would write back what others prune. */
const leastRemainingSeconds = 120;

export interface ForgettingOptions {
  readonly replica: Replica;
  readonly party: Party;
  readonly cluster: SimCluster;
  readonly feed: string;
  readonly flaw: Flaw | undefined;
  /** Of the last release. */
  readonly isOld: boolean;
  /** What it remembers of the log that it follows. */
  readonly memory: LogMemory;
  /** Whether it holds rules of two logs. */
  readonly isMixed: () => boolean;
  /** The values that are compared. */
  readonly compared: readonly Token[];
}

/** Of a sidecar: deletes ended rules from the log, and writes back what the log lacks, while its clock and the log's agree. */
export async function keepLog(options: ForgettingOptions): Promise<void> {
  const { party } = options;
  while (party.alive) {
    await party.sleep(roundMs, party.death);
    if (!party.alive) return;
    prune(options);
    if (!options.isOld) compare(options);
  }
}

function prune({ replica, party, cluster, feed, isOld, flaw }: ForgettingOptions): void {
  const node = cluster.reachedBy(party.name);
  if (node === undefined || !cluster.acceptsWrites(node)) return;
  const byLog = isOld || flaw === 'pruned by the log alone';
  if (byLog && node.state.lease?.holder !== feed) return;
  const agreed = byLog ? Number.POSITIVE_INFINITY : replica.logClock.agreedSeconds();
  if (agreed !== undefined) node.prune(agreed);
}

/** What the log has lost without a gap in its history, for example by the pruning of a sidecar of the last release. */
function compare({ replica, party, cluster, flaw, compared, memory, isMixed }: ForgettingOptions): void {
  const node = cluster.reachedBy(party.name);
  const agreed = replica.logClock.agreedSeconds();
  if (node === undefined || !cluster.acceptsWrites(node) || flaw === 'rules not compared') return;
  if (!replica.freshness.isComplete) return;
  const isSame = memory.latest?.identity === node.state.meta?.identity && !isMixed();
  if (!isSame && flaw !== 'logs without identity') return;
  if (agreed === undefined && flaw !== 'rules compared by clocks that disagree') return;
  const least = flaw === 'rules written back to the end' ? 0 : leastRemainingSeconds;
  for (const { digest } of compared) {
    const held = replica.denylist.get(digest) ?? emptyRule;
    const known = node.state.rules.get(digestToHex(digest))?.rule ?? emptyRule;
    const isEnding = forgettableAt(held, defaultMaxTokenLifetimeSeconds) <= (agreed ?? 0) + least;
    if (isEnding || sameRule(mergeRules(known, held), known)) continue;
    node.append(digest, { kind: 'seed', rule: held }, party.reading());
  }
}
