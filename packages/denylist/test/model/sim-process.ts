import type { Random } from '../../src/clock.ts';
import { formatPosition } from '../../src/http/wire/wire.ts';
import { active, type Verdict } from '../../src/log/look-up.ts';
import { defaultMaxStalenessMs } from '../../src/replication/max-staleness.ts';
import { openReplica, type Replica } from '../../src/replication/open-replica.ts';
import { agreementMs } from '../../src/rules/agreed-now.ts';
import { type DigestSet, digestToHex } from '../../src/rules/digest.ts';
import { denies, emptyRule } from '../../src/rules/rule.ts';
import { memoMs } from './everywhere.ts';
import type { Flaw } from './flaws.ts';
import { createLegacyFeed } from './legacy-feed.ts';
import type { Links } from './links.ts';
import { Memory } from './memory.ts';
import type { Party } from './party.ts';
import type { ReaderRow } from './reader-registry.ts';
import { createSidecarFeed } from './sidecar-feed.ts';
import type { SimCluster } from './sim-cluster.ts';
import type { SimRedis } from './sim-redis.ts';
import type { SimServer } from './sim-server.ts';
import type { Speaker } from './speaker.ts';

/** How an API process is set up. */
export interface ProcessKind {
  /** The wire of the last release: an event stream down, reports by name up. */
  readonly isLegacy: boolean;
  /** It accepts what it does not know. */
  readonly failOpen: boolean;
  /** It asks the log what it does not know. */
  readonly lookUp: boolean;
}

export interface SimProcessOptions extends ProcessKind {
  /** Of this life, unlike any other. */
  readonly name: string;
  readonly party: Party;
  readonly cluster: SimCluster;
  readonly links: Links;
  readonly random: Random;
  readonly upstream: () => SimServer | undefined;
  /** The name of a reader of the old wire, and what people see of any other. */
  readonly label: string;
  readonly flaw: Flaw | undefined;
}

/** How a token came through: by what the process holds, by asking the log, by not knowing, or not at all. */
export type Answer =
  | 'active by denylist'
  | 'active by look-up'
  | 'active by memo'
  | 'accepted unknown'
  | 'revoked'
  | 'unavailable';

/** One life of an API process: the real replica over the modelled feed of a server, and the look-up. */
export class SimProcess {
  readonly party: Party;
  readonly replica: Replica;
  readonly memory = new Memory();
  readonly name: string;
  readonly #options: SimProcessOptions;
  #wasFresh = false;
  /** The last heartbeat that a look-up has seen, and since when. */
  #beat: { readonly atMs: number; readonly seenAtMs: number; readonly isFirst: boolean } | undefined;
  /** Until when a look-up that found nothing is repeated from memory, by digest. */
  readonly #memo = new Map<string, number>();

  constructor(options: SimProcessOptions) {
    const { party, random, isLegacy } = options;
    this.#options = options;
    this.party = party;
    this.name = options.name;
    const withSpeaker = { ...options, speaker: this.#speaker() };
    const feed = isLegacy ? createLegacyFeed(withSpeaker) : createSidecarFeed(withSpeaker);
    this.replica = openReplica({ feed, clock: party, random });
    this.replica.denylist.onChange((change) => this.memory.keep(change));
    void this.#flagFreshness();
  }

  ask(digests: DigestSet, issuedAt: number): Answer {
    const { verdict } = this.#check(digests, issuedAt);
    if (verdict === 'active') return 'active by denylist';
    if (verdict === 'revoked') return 'revoked';
    const found = this.#options.lookUp ? this.#lookUpOrRemember(digests, issuedAt) : 'unavailable';
    return found === 'unavailable' && this.#options.failOpen ? 'accepted unknown' : found;
  }

  #check(digests: DigestSet, issuedAt: number): Verdict {
    const found = this.replica.check(digests, issuedAt);
    // Set by a timer, and read by a request that runs before the timer.
    const isFlagged = this.#options.flaw === 'freshness flag set by a timer' && this.#wasFresh;
    return isFlagged && found.verdict === 'unknown' ? active : found;
  }

  /** An attacker reports, in the name of this process, that it has applied everything. */
  forgeReport(server: SimServer): void {
    const { isLegacy, label } = this.#options;
    const cursor = formatPosition({ feed: server.feed, n: server.n });
    if (isLegacy) server.reportLegacy(label, [{ ...this.#row(label, cursor), isForged: true }]);
  }

  async #flagFreshness(): Promise<void> {
    const { party } = this.#options;
    while (party.alive) {
      this.#wasFresh = this.replica.freshness.isFresh();
      await party.sleep(1000, party.death);
    }
  }

  kill(): void {
    this.party.kill();
    void this.replica.close();
  }

  /** For itself. It has no identity before a server draws one. */
  #speaker(): Speaker {
    return { rowsAt: (position) => [this.#row('', position?.cursor)] };
  }

  #row(id: string, cursor: string | undefined): ReaderRow {
    const { name, failOpen, lookUp } = this.#options;
    return { id, process: name, cursor, failOpen, lookUp, maxStalenessMs: defaultMaxStalenessMs, isServer: false };
  }

  #lookUpOrRemember(digests: DigestSet, issuedAt: number): Answer {
    const { party } = this.#options;
    const key = `${digestToHex(digests.words)} ${issuedAt}`;
    if (party.monotonicMs() < (this.#memo.get(key) ?? 0)) return 'active by memo';
    const found = this.#lookUp(digests, issuedAt);
    if (found === 'active by look-up') this.#memo.set(key, party.monotonicMs() + memoMs);
    return found;
  }

  /** `redis/look-up.ts` over the modelled log. */
  #lookUp({ words }: DigestSet, issuedAt: number): Answer {
    const { cluster, flaw, party } = this.#options;
    const node = cluster.reachedBy(party.name);
    const meta = node?.state.meta;
    if (node === undefined) return 'unavailable';
    const rule = node.state.rules.get(digestToHex(words))?.rule ?? emptyRule;
    // The earlier clock: one that is ahead must not end a denial.
    const nowMs =
      flaw === 'look-up ends denials by the log alone' ? node.nowMs() : Math.min(node.nowMs(), party.wallMs());
    if (denies(rule, issuedAt, Math.floor(nowMs / 1000))) return 'revoked';
    if (meta === undefined || node.isHealing(meta)) return 'unavailable';
    if (flaw === 'look-up without heartbeat') return 'active by look-up';
    return this.#isBeaten(node, meta.heartbeatAtMs ?? 0) ? 'active by look-up' : 'unavailable';
  }

  /** Whether the last heartbeat of the log is recent, by the clock of the log and by that of this process. */
  #isBeaten(node: SimRedis, beatAtMs: number): boolean {
    const { flaw, party } = this.#options;
    const now = party.monotonicMs();
    const before = this.#beat;
    if (before?.atMs !== beatAtMs) this.#beat = { atMs: beatAtMs, seenAtMs: now, isFirst: before === undefined };
    const { seenAtMs = now, isFirst = true } = this.#beat ?? {};
    const isStill = now - seenAtMs > defaultMaxStalenessMs && flaw !== 'look-up trusts a heartbeat that stands still';
    const ageMs = node.nowMs() - beatAtMs;
    // The clock of a primary that was cut off long ago may be set back.
    const wallAgeMs = Math.abs(party.wallMs() - beatAtMs);
    const isForeign =
      isFirst &&
      wallAgeMs > defaultMaxStalenessMs + agreementMs &&
      flaw !== 'first look-up trusts the clock of the log';
    return ageMs >= 0 && ageMs <= defaultMaxStalenessMs && !isStill && !isForeign;
  }
}
