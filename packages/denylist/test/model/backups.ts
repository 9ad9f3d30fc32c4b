import { maxGapMs } from '../../src/log/log-gap.ts';
import type { RememberedLog } from '../../src/replication/log-memory.ts';
import { digestToHex } from '../../src/rules/digest.ts';
import { continuesGap } from './continuity.ts';
import type { LogState, SimRedis } from './sim-redis.ts';
import type { Token, World } from './world.ts';

interface Lost {
  readonly token: Token;
  readonly stamp: number;
}

/** Judges what happens after an older state of the log was restored, or after a long pause in which nothing was lost. */
export class Backups {
  readonly #world: World;
  /** Denials that a backup lacks, and that some process remembers or whose loss the pause before it shows. */
  readonly #lost: Lost[] = [];
  #hasLost = false;
  #nights = 0;
  /** A process remembers that the log continues. */
  #isContinued = false;

  constructor(world: World) {
    this.#world = world;
  }

  /** A fault may have cost the log its newest writes. */
  noteLoss(): void {
    this.#hasLost = true;
  }

  noteNight(): void {
    this.#nights += 1;
  }

  /** The entries before a pause are gone. */
  noteTrim(): void {
    this.#isContinued = false;
  }

  /** @param denials which the log holds now. */
  noteRestore(backup: LogState, denials: readonly (Lost & { readonly id: number })[]): void {
    const { cluster, oldSidecars, remembered } = this.#world;
    const { meta, entries, rules } = backup;
    const lastId = entries.at(-1)?.id ?? 0;
    const gap = { untilMs: 0, id: lastId, head: meta?.head ?? '', stamp: undefined };
    const pauseMs = cluster.primary.nowMs() - (meta?.heartbeatAtMs ?? Number.POSITIVE_INFINITY);
    // A sidecar of the last release notices no pause. A witness that stopped at most ten seconds before the backup was made
    // cannot know what was stated after it.
    // A second pause in one schedule is not judged yet.
    if (this.#nights > 1) return;
    const isHidden = oldSidecars.size > 0 || remembered.some((log) => continuesGap(entries, gap, log));
    for (const { token, stamp, id } of denials) {
      const kept = rules.get(digestToHex(token.digest))?.rule.denialStamp ?? 0;
      const isRemembered = remembered.some((log) => covers(log, meta?.epoch, id));
      if (kept < stamp && (isRemembered || (pauseMs > maxGapMs && !isHidden))) this.#lost.push({ token, stamp });
    }
  }

  /** Called after every slice of time. */
  watch(): void {
    const { cluster, remembered } = this.#world;
    const { meta, entries } = cluster.primary.state;
    const gap = meta?.gap;
    if (gap === undefined || this.#hasLost) return;
    this.#isContinued ||= remembered.some((log) => continuesGap(entries, gap, log));
  }

  /** When all has settled. @param needs whether the log should hold this denial, and does not. */
  judge(node: SimRedis, needs: (lost: Lost) => boolean): readonly string[] {
    const { restart } = node;
    const isFlagged = restart.denialStamp > restart.liftedUpTo;
    const silent = isFlagged ? [] : this.#lost.filter(needs);
    const lost = silent.map(
      ({ token, stamp }) => `I3: a backup has lost the denial of ${token.name} at ${stamp}, and nothing says so`,
    );
    const isFalse = isFlagged && !this.#hasLost && this.#isContinued;
    return isFalse ? [...lost, 'I2: a restart is stated, and the log has lost nothing'] : lost;
  }
}

/** Whether a process remembers an entry that came after this one. */
function covers({ epoch, rule }: RememberedLog, present: string | undefined, id: number): boolean {
  return epoch === present && rule !== undefined && Number(rule.cursor) >= id;
}
