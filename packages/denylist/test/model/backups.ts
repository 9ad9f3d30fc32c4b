import { maxGapMs } from '../../src/log/log-gap.ts';
import type { RememberedLog } from '../../src/replication/log-memory.ts';
import { digestToHex } from '../../src/rules/digest.ts';
import { continuesGap, recall } from './continuity.ts';
import type { LogState, SimRedis } from './sim-redis.ts';
import type { SimSidecar } from './sim-sidecar.ts';
import type { Token, World } from './world.ts';

interface Denial {
  readonly token: Token;
  readonly stamp: number;
}

/** A denial that a backup lacks. */
interface Lost extends Denial {
  readonly epoch: string;
  readonly id: number;
  /** The pause before the backup was restored shows the loss, whatever is remembered. */
  readonly isShownByPause: boolean;
  /** The sidecars that remember it, in memory or in a state file. */
  readonly witnesses: Set<string>;
  /** One of them has compared it with the log, or a restart was stated: the log must say so until it holds the denial again. */
  isKnown: boolean;
}

/** Judges what happens after an older state of the log was restored, or after a long pause in which nothing was lost. */
export class Backups {
  readonly #world: World;
  /** Denials that a backup lacks, and that some process remembers or whose loss the pause before it shows. */
  #lost: Lost[] = [];
  #hasLost = false;
  /** The last pause, by the entry before it, and whether a process remembers that the log continues. */
  #pause: { readonly id: number; readonly isContinued: boolean } | undefined;

  /** The restart that was in force when the last pause was noticed. */
  #statedBefore: number | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** A fault may have cost the log its newest writes. */
  noteLoss(): void {
    this.#hasLost = true;
  }

  /** The entries before a pause are gone. */
  noteTrim(): void {
    this.#pause = undefined;
  }

  /** A sidecar remembers one log, so it forgets this one when its name leads to another. */
  noteMove(): void {
    this.#lost = this.#lost.filter(({ isShownByPause, isKnown }) => isShownByPause || isKnown);
  }

  /** @param denials which the log holds now. */
  noteRestore(backup: LogState, denials: readonly (Denial & { readonly id: number })[]): void {
    const { cluster, oldSidecars, remembered } = this.#world;
    const { meta, entries } = backup;
    const gap = { untilMs: 0, id: entries.at(-1)?.id ?? 0, head: meta?.head ?? '', stamp: undefined };
    const pauseMs = cluster.primary.nowMs() - (meta?.heartbeatAtMs ?? Number.POSITIVE_INFINITY);
    // A sidecar of the last release notices no pause. A witness that stopped at most ten seconds before the backup was made
    // cannot know what was stated after it.
    const isHidden = oldSidecars.size > 0 || remembered.some(({ log }) => continuesGap(entries, gap, log));
    for (const { token, stamp, id } of denials) {
      if (isHeld(backup, { token, stamp })) continue;
      const epoch = meta?.epoch ?? '';
      const witnesses = new Set(remembered.filter(({ log }) => covers(log, { epoch, id })).map(({ name }) => name));
      const isShownByPause = pauseMs > maxGapMs && !isHidden;
      this.#lost.push({ token, stamp, epoch, id, isShownByPause, witnesses, isKnown: false });
    }
  }

  /** The entries that a sidecar would compare with those which it remembers may be gone: that proves nothing. */
  noteHappened(): void {
    const { cluster, remembered, sidecars } = this.#world;
    // A sidecar is fresh once it has compared.
    const fresh = sidecars.filter(({ party, freshSinceMs }) => party.alive && freshSinceMs !== undefined);
    for (const { witnesses, isKnown } of this.#lost) {
      for (const { name, log } of remembered) {
        if (isKnown || fresh.some(({ party }) => party.name === name)) continue;
        if (recall(cluster.primary.state, log, 'ask') === 'trimmed') witnesses.delete(name);
      }
    }
  }

  /** Called after every slice of time. */
  watch(): void {
    this.#watchPause();
    this.noteHappened();
    const { primary } = this.#world.cluster;
    for (const lost of this.#lost) {
      // The restart of another log says nothing about this loss: a sidecar that held the whole of that log may end it.
      const isStated = primary.state.meta?.epoch === lost.epoch && isRestartStated(primary);
      lost.isKnown ||= lost.witnesses.size > 0 && isStated;
      this.#watchWitnesses(lost);
      // It is written back. A failover that loses it again is another loss: the sidecar that held it may be stopped by then.
      if (isHeld(primary.state, lost)) lost.isKnown = false;
    }
    // A log that is lost as a whole is another one by then. What nothing shows and no sidecar remembers stays unnoticed.
    this.#lost = this.#lost.filter(({ epoch, isShownByPause, isKnown, witnesses }) => {
      const isCompared = witnesses.size > 0 && primary.state.meta?.epoch === epoch;
      return isShownByPause || isKnown || isCompared;
    });
  }

  #watchPause(): void {
    const { cluster, remembered } = this.#world;
    const { meta, entries } = cluster.primary.state;
    const gap = meta?.gap;
    if (gap === undefined || this.#hasLost) return;
    const isNew = this.#pause?.id !== gap.id;
    // No sidecar has shown that the log continued after the pause before, and none can: only the last pause is kept.
    if (isNew && isRestartStated(cluster.primary)) this.#statedBefore = cluster.primary.restart.denialStamp;
    const wasContinued = !isNew && this.#pause?.isContinued === true;
    const isContinued = wasContinued || remembered.some(({ log }) => continuesGap(entries, gap, log));
    this.#pause = { id: gap.id, isContinued };
  }

  /** A sidecar without a state file takes what it remembers with it when it stops. */
  #watchWitnesses(lost: Lost): void {
    const { remembered, sidecars } = this.#world;
    for (const name of lost.witnesses) {
      if (remembered.some((each) => each.name === name && covers(each.log, lost))) continue;
      const isAlive = sidecars.some(({ party }: SimSidecar) => party.name === name && party.alive);
      if (isAlive) lost.isKnown = true;
      lost.witnesses.delete(name);
    }
  }

  /** When all has settled. @param needs whether the log should hold this denial, and does not. */
  judge(node: SimRedis, needs: (lost: Denial) => boolean): readonly string[] {
    const isFlagged = isRestartStated(node);
    const silent = isFlagged ? [] : this.#lost.filter(needs);
    const lost = silent.map(
      ({ token, stamp }) => `I3: a backup has lost the denial of ${token.name} at ${stamp}, and nothing says so`,
    );
    const isOfLastPause = node.restart.denialStamp !== this.#statedBefore;
    const isFalse = isFlagged && isOfLastPause && !this.#hasLost && this.#pause?.isContinued === true;
    return isFalse ? [...lost, 'I2: a restart is stated, and the log has lost nothing'] : lost;
  }
}

function isRestartStated({ restart }: SimRedis): boolean {
  return restart.denialStamp > restart.liftedUpTo;
}

function isHeld({ rules }: LogState, { token, stamp }: Denial): boolean {
  return (rules.get(digestToHex(token.digest))?.rule.denialStamp ?? 0) >= stamp;
}

/** Whether a process remembers an entry that came after this one. */
function covers({ epoch, rule }: RememberedLog, lost: Pick<Lost, 'epoch' | 'id'>): boolean {
  return epoch === lost.epoch && rule !== undefined && Number(rule.cursor) >= lost.id;
}
