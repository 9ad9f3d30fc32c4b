import { reportLifetimeMs } from '../../src/log/reader.ts';
import { digestToHex } from '../../src/rules/digest.ts';
import { type Appended, isEnforcedEverywhere } from './everywhere.ts';
import { dayMs } from './reader-registry.ts';
import type { Answer, SimProcess } from './sim-process.ts';
import type { SimRedis } from './sim-redis.ts';
import type { Token, World } from './world.ts';

/** A denial, and whether `enforcedEverywhere` has said yes of it. */
export interface Claim {
  readonly token: Token;
  readonly stamp: number;
  readonly appended: Appended;
  /** Whether every redis replica has had it. A publisher waits for that, or gets `not_durable`. */
  isConfirmed: boolean;
  /** Where `enforcedEverywhere` said yes, and when. Undefined while it has not, or once the log lost the denial. */
  said?: Said | undefined;
}

interface Said {
  readonly node: SimRedis;
  readonly atMs: number;
  readonly named: ReadonlySet<string>;
  /** The processes in whose names another program had reported. */
  readonly forged: ReadonlySet<string>;
}

/** A line may name a process for this long after its last report. */
const namedForMs = 15_000;

/** What `enforcedEverywhere` has said of each denial, asked after every slice of time by publishers on both sides. */
export class Claims {
  readonly #world: World;
  /** True time at which a line of the log last named each process, since a part of the log may have been lost. */
  readonly #namedAtMs = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** A fault may have cost the log its newest lines. */
  noteLoss(): void {
    this.#namedAtMs.clear();
  }

  /** Called after every slice of time. */
  watch(): void {
    const { cluster, clock } = this.#world;
    for (const name of this.#namedBy(cluster.primary)) this.#namedAtMs.set(name, clock.wallMs());
  }

  ask(claim: Claim): void {
    const { cluster, clock, flaw, publisher } = this.#world;
    if (claim.said !== undefined && !this.#holds(claim.said.node, claim)) claim.said = undefined;
    claim.isConfirmed ||= cluster.nodes.every((node) => holds(node, claim));
    if (claim.said !== undefined || !claim.isConfirmed) return;
    const monotonicMs = clock.monotonicMs();
    const reachable = [cluster.available ? cluster.primary : undefined, cluster.cutOffNode];
    for (const node of reachable) {
      const question = { flaw, monotonicMs, wallMs: publisher.reading(clock.wallMs()).wallMs };
      if (node === undefined || !isEnforcedEverywhere(node, claim.appended, question)) continue;
      claim.said = { node, atMs: monotonicMs, named: this.#namedBy(node, dayMs), forged: forgedIn(node) };
      return;
    }
  }

  /** @returns what is wrong with this answer, if the denial was said to be enforced everywhere. */
  judge(claim: Claim, process: SimProcess, answer: Answer): string | undefined {
    const { said, token, stamp } = claim;
    if (said === undefined || answer === 'revoked' || answer === 'unavailable') return undefined;
    if (said.forged.has(process.name)) return undefined;
    // A primary that was cut off after its yes still holds the denial. The log of the other side may have lost it since.
    const reached = this.#world.cluster.reachedBy(process.party.name);
    if (reached !== undefined && !holds(reached, claim)) return undefined;
    // A fail-open process accepts unnoticed before it has joined, and when its server was silent for more than a day.
    if (answer === 'accepted unknown' && !said.named.has(process.name)) return undefined;
    const { clock } = this.#world;
    // Likewise no line says that it makes look-ups. The age of a line goes on while every machine sleeps.
    const namedAtMs = this.#namedAtMs.get(process.name) ?? Number.NEGATIVE_INFINITY;
    if (answer === 'active by memo' && clock.wallMs() - namedAtMs > dayMs - namedForMs) return undefined;
    const laterMs = clock.monotonicMs() - said.atMs;
    return `I5: ${process.party.name} finds ${token.name} ${answer}, denied at ${stamp}, ${laterMs} ms after it was said to be enforced everywhere`;
  }

  /** The processes that lines of the registry name which are not older than this. */
  #namedBy(node: SimRedis, ageMs = reportLifetimeMs): ReadonlySet<string> {
    const now = this.#world.clock.wallMs();
    const lines = [...node.state.lines.values()].filter(({ trueMs }) => now - trueMs <= ageMs);
    return new Set(lines.flatMap(({ rows }) => rows.map(({ process }) => process)));
  }

  /** A yes counts while the log that gave it, or its successor after a failover, holds the denial. */
  #holds(node: SimRedis, claim: Claim): boolean {
    const { cluster } = this.#world;
    return holds(node === cluster.cutOffNode ? node : cluster.primary, claim);
  }
}

function forgedIn({ state }: SimRedis): ReadonlySet<string> {
  const rows = [...state.lines.values()].flatMap((line) => line.rows);
  return new Set(rows.filter(({ isForged }) => isForged).map(({ process }) => process));
}

function holds({ state }: SimRedis, { token, stamp }: Claim): boolean {
  return (state.rules.get(digestToHex(token.digest))?.rule.denialStamp ?? 0) >= stamp;
}
