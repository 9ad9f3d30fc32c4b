import { StoreError } from '../outbox/store-error.ts';
import { type Ending, end, retry, rotate } from './advance.ts';
import type { Family } from './family.ts';
import { type FamilySelector, hasKeep } from './family-selector.ts';
import {
  type EndedFamilies,
  type EndOptions,
  type FamilyStore,
  maxEndedGrants,
  type NewFamily,
  type NoteEnd,
  type Presentation,
  type Presented,
} from './family-store.ts';
import { decide } from './state-machine.ts';

const maxListed = 1000;

export interface MemoryFamiliesOptions {
  readonly nowMs: () => number;
  /** Rows; one more is refused with `store_full`. */
  readonly maxFamilies: number;
}

/** Families in the memory of one process: for tests, and for a server whose sessions end with it. */
export class MemoryFamilies implements FamilyStore {
  readonly #rows = new Map<string, Family>();
  readonly #nowMs: () => number;
  readonly #maxFamilies: number;

  constructor({ nowMs, maxFamilies }: MemoryFamiliesOptions) {
    this.#nowMs = nowMs;
    this.#maxFamilies = maxFamilies;
  }

  async prepare(): Promise<void> {}

  async open({ hash, keyId, idleMs, absoluteMs, accessMs, ...given }: NewFamily): Promise<Family> {
    if (this.#rows.size >= this.#maxFamilies) {
      throw new StoreError('store_full', `the store in memory has ${this.#maxFamilies} families: use a database`);
    }
    const nowMs = this.#nowMs();
    const family: Family = {
      ...given,
      generation: 0,
      current: hash,
      keyId,
      retries: 0,
      retriedGenerations: 0,
      openedAtMs: nowMs,
      idleUntilMs: nowMs + idleMs,
      absoluteUntilMs: nowMs + absoluteMs,
      accessUntilMs: nowMs + accessMs,
    };
    this.#write(family);
    return family;
  }

  async present(presentation: Presentation, note: NoteEnd): Promise<Presented> {
    const { shown, next, rules, lifetimes } = presentation;
    const found = this.#rows.get(keyOf(presentation.family));
    const family = found?.issuer === presentation.issuer ? found : undefined;
    if (family === undefined) return { outcome: 'unknown' };
    const nowMs = this.#nowMs();
    const decision = decide(family, shown, { nowMs, rules });
    switch (decision.do) {
      case 'rotate':
        return {
          outcome: 'rotated',
          family: this.#write(rotate(family, next, { nowMs, ...lifetimes })),
          nowMs,
          replacedAtMs: family.rotatedAtMs ?? family.openedAtMs,
        };
      case 'retry':
        return { outcome: 'retried', family: this.#write(retry(family, { nowMs, ...lifetimes })), nowMs };
      case 'refuse':
        return { outcome: decision.outcome, family, nowMs };
      case 'end': {
        const { reason, outcome } = decision;
        const ended = await this.#endWith([family], { reason }, () =>
          note({ reason, count: 1, grants: [family.grant] }, undefined),
        );
        return { outcome, family: ended[0] ?? family, nowMs };
      }
    }
  }

  async list({ issuer, subject }: { issuer: string; subject: string }): Promise<readonly Family[]> {
    const nowMs = this.#nowMs();
    return this.#find((family) => isOf(family, { issuer, subject }) && isActive(family, nowMs))
      .sort((a, b) => b.openedAtMs - a.openedAtMs)
      .slice(0, maxListed);
  }

  async end(which: FamilySelector, ending: Ending, options: Omit<EndOptions, 'tx'>): Promise<EndedFamilies> {
    if ((await options.isNew?.(undefined)) === false) return { ...ending, count: 0, grants: [] };
    const families = this.#find((family) => family.ended === undefined && isOf(family, which));
    const nowMs = this.#nowMs();
    const lively = this.#find((family) => hasKeep(which) && isOf(family, which) && hasLiveAccess(family, nowMs));
    const ended = { ...ending, ...countOf([...families, ...lively]) };
    await this.#endWith(families, ending, () => options.note(ended, undefined));
    if (options.erase) for (const family of this.#find((row) => isOf(row, which))) this.#erase(family);
    return ended;
  }

  async endOpenedBefore(beforeMs: number): Promise<number> {
    const lost = this.#find((family) => family.ended === undefined && family.openedAtMs < beforeMs);
    for (const family of lost) this.#end(family, { reason: 'store_lost' });
    return lost.length;
  }

  async collect({ keepEndedMs, batch }: { keepEndedMs: number; batch: number }) {
    const nowMs = this.#nowMs();
    const expired = this.#find((family) => family.ended === undefined && !isActive(family, nowMs)).slice(0, batch);
    for (const family of expired) this.#end(family, { reason: 'expired' });
    const old = this.#find(({ ended }) => ended !== undefined && ended.atMs <= nowMs - keepEndedMs).slice(0, batch);
    for (const { id } of old) this.#rows.delete(keyOf(id));
    return { expired: expired.length, deleted: old.length };
  }

  async countLiveAccess() {
    const nowMs = this.#nowMs();
    const counts = new Map<string, number>();
    for (const { client } of this.#find(({ ended, accessUntilMs }) => ended === undefined && accessUntilMs > nowMs)) {
      counts.set(client, (counts.get(client) ?? 0) + 1);
    }
    return counts;
  }

  async countRows() {
    const active = this.#find(({ ended }) => ended === undefined).length;
    return { active, ended: this.#rows.size - active };
  }

  #find(matches: (family: Family) => boolean): Family[] {
    return [...this.#rows.values()].filter(matches);
  }

  /**
   * Ends active families before their end is noted, and lets them live again when it cannot be. In the other order another
   * request, or the worker with the note, would find them alive meanwhile.
   */
  async #endWith(families: readonly Family[], ending: Ending, note: () => Promise<void>): Promise<readonly Family[]> {
    const ended = families.map((family) => this.#end(family, ending));
    try {
      await note();
    } catch (error) {
      for (const family of families) this.#write(family);
      throw error;
    }
    return ended;
  }

  #end(family: Family, ending: Ending): Family {
    return this.#write(end(family, { ...ending, nowMs: this.#nowMs() }));
  }

  #erase(family: Family): void {
    this.#write({
      ...family,
      subject: '',
      session: undefined,
      data: undefined,
      ended: family.ended && { ...family.ended, by: undefined },
    });
  }

  #write(family: Family): Family {
    const row = Object.freeze(family);
    this.#rows.set(keyOf(family.id), row);
    return row;
  }
}

function keyOf(id: Uint8Array): string {
  return Buffer.from(id).toString('base64url');
}

function isActive(family: Family, nowMs: number): boolean {
  return family.ended === undefined && nowMs < Math.min(family.idleUntilMs, family.absoluteUntilMs);
}

function isOf(family: Family, which: FamilySelector): boolean {
  if (family.issuer !== which.issuer) return false;
  if (which.openedBeforeMs !== undefined && family.openedAtMs >= which.openedBeforeMs) return false;
  if ('grant' in which) return family.grant === which.grant;
  if ('session' in which) return family.session === which.session;
  if (which.client !== undefined && family.client !== which.client) return false;
  if (!('subject' in which)) return true;
  return family.subject === which.subject && (which.keep === undefined || family.session !== which.keep);
}

/** It has ended without a revocation. */
function hasLiveAccess({ ended, accessUntilMs }: Family, nowMs: number): boolean {
  return (ended?.reason === 'expired' || ended?.reason === 'store_lost') && accessUntilMs > nowMs;
}

function countOf(families: readonly Family[]): { count: number; grants: readonly string[] } {
  return { count: families.length, grants: families.slice(0, maxEndedGrants).map(({ grant }) => grant) };
}
