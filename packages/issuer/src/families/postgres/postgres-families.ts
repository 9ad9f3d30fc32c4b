import type { RowCounts, Transaction } from '../../outbox/outbox-store.ts';
import { StoreError } from '../../outbox/store-error.ts';
import { lockMsWithin, shortLockMs } from '../../postgres/lock-limit.ts';
import type { Ending } from '../advance.ts';
import type { Family } from '../family.ts';
import { type FamilySelector, hasKeep } from '../family-selector.ts';
import {
  type CollectedFamilies,
  type CollectLimits,
  type EndedFamilies,
  type EndOptions,
  type FamilyStore,
  maxEndedGrants,
  type NewFamily,
  type NoteEnd,
  type Presentation,
  type Presented,
} from '../family-store.ts';
import { decide } from '../state-machine.ts';
import { familyOf, rowOf } from './family-row.ts';
import { FamilyTurns } from './family-turns.ts';
import { conditionOf } from './select-families.ts';
import { familyStatements } from './statements.ts';
import { FamilyConnection, type FamilyConnectionOptions } from './transaction.ts';

const restoreBatch = 1000;
/** One more is needed only when the clock of the database was set back between two statements. */
const maxAttempts = 3;

interface Count {
  readonly count: number;
}

/** Families in PostgreSQL 13 or later: one row each, and one statement for a rotation. */
export class PostgresFamilies implements FamilyStore {
  readonly #connection: FamilyConnection;
  readonly #sql: ReturnType<typeof familyStatements>;
  readonly #turns: FamilyTurns;
  /** The longest wait of a refresh for the lock of its row. */
  readonly #refreshMs: number;

  constructor({ table, ...connection }: FamilyConnectionOptions & { readonly table: string }) {
    const { timeoutMs, clock } = connection;
    const openMs = lockMsWithin(timeoutMs);
    this.#refreshMs = Math.min(shortLockMs, openMs);
    this.#connection = new FamilyConnection(connection);
    this.#turns = new FamilyTurns({ clock, timeoutMs });
    this.#sql = familyStatements(table, { refreshMs: this.#refreshMs, openMs });
  }

  async prepare(): Promise<void> {
    await this.#connection.query(this.#sql.check);
  }

  async open(family: NewFamily): Promise<Family> {
    const { id, grant, issuer, client, subject, session, binding, data, hash, keyId } = family;
    const text = data === undefined ? null : JSON.stringify(data);
    const [row] = await this.#connection.query(this.#sql.open, [
      ...[id, grant, issuer, client, subject, session, binding, text, hash, keyId],
      ...[family.idleMs, family.absoluteMs, family.accessMs],
    ]);
    return familyOf(rowOf(row));
  }

  async present(presentation: Presentation, note: NoteEnd): Promise<Presented> {
    return await this.#turns.take(presentation.family, () => this.#present(presentation, note));
  }

  async #present(presentation: Presentation, note: NoteEnd): Promise<Presented> {
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const presented =
        (await this.#rotate(presentation)) ??
        (await this.#retry(presentation)) ??
        (await this.#refuse(presentation, note));
      if (presented !== 'again') return presented;
    }
    throw new StoreError('store_unavailable', 'expected a clock of PostgreSQL that goes forward, found one set back');
  }

  async #rotate({ issuer, family: id, shown, next, lifetimes }: Presentation): Promise<Presented | undefined> {
    const [found] = await this.#connection.query(this.#sql.rotate, [
      ...[id, shown.generation, shown.hash, shown.client, shown.binding, lifetimes.accessMs],
      ...[next.hash, next.salt, next.keyId, lifetimes.idleMs, lifetimes.graceMs, issuer],
    ]);
    if (found === undefined) return undefined;
    const row = rowOf(found);
    const nowMs = row.rotated_at ?? Number.NaN;
    return { outcome: 'rotated', family: familyOf(row), nowMs, replacedAtMs: row.replaced_at ?? nowMs };
  }

  async #retry({ issuer, family: id, shown, rules, lifetimes }: Presentation): Promise<Presented | undefined> {
    const [found] = await this.#connection.query(this.#sql.retry, [
      ...[id, shown.generation, shown.hash, shown.client, shown.binding, lifetimes.accessMs],
      ...[rules.maxRetries, issuer],
    ]);
    if (found === undefined) return undefined;
    return { outcome: 'retried', ...readFamily(found) };
  }

  /** Neither statement found the row: reads why, and ends the family where the state machine says so. */
  async #refuse({ issuer, family: id, shown, rules }: Presentation, note: NoteEnd): Promise<Presented | 'again'> {
    const decideAbout = (found: unknown) => {
      const { family, nowMs } = readFamily(found);
      return { family, nowMs, decision: decide(family, shown, { nowMs, rules }) };
    };
    const [found] = await this.#connection.query(this.#sql.read, [id, issuer]);
    if (found === undefined) return { outcome: 'unknown' };
    const { family, nowMs, decision } = decideAbout(found);
    // Most refused tokens end nothing, and need no lock.
    if (decision.do === 'refuse') return { outcome: decision.outcome, family, nowMs };

    return await this.#connection.transaction(async (tx) => {
      const [locked] = await this.#connection.query(this.#sql.lock, [id, issuer], tx);
      if (locked === undefined) return { outcome: 'unknown' };
      const { family, nowMs, decision } = decideAbout(locked);
      if (decision.do === 'refuse') return { outcome: decision.outcome, family, nowMs };
      if (decision.do !== 'end') return 'again';
      const { outcome, reason } = decision;
      const [ended] = await this.#connection.query(this.#sql.endOne, [id, reason], tx);
      await note({ reason, count: 1, grants: [family.grant] }, tx);
      return { outcome, ...readFamily(ended) };
    }, this.#refreshMs);
  }

  async list({ issuer, subject }: { issuer: string; subject: string }): Promise<readonly Family[]> {
    const rows = await this.#connection.query(this.#sql.list, [subject, issuer]);
    return rows.map((row) => familyOf(rowOf(row)));
  }

  async end(
    which: FamilySelector,
    ending: Ending,
    { isNew, note, tx, erase, waitForOpening }: EndOptions,
  ): Promise<EndedFamilies> {
    const endIn = async (client: Transaction): Promise<EndedFamilies> => {
      if ((await isNew?.(client)) === false) return { ...ending, count: 0, grants: [] };
      if (waitForOpening) await this.#connection.query(this.#sql.waitForOpening, [openedWith(which)], client);
      const { condition, values } = conditionOf(which, 4);
      const [row] = await this.#connection.query(
        this.#sql.end(condition, hasKeep(which)),
        [ending.reason, ending.by, maxEndedGrants, ...values],
        client,
      );
      const { count, grants } = rowOf<Count & { readonly grants: readonly string[] }>(row);
      const ended = { ...ending, count, grants };
      if (erase) {
        const all = conditionOf(which, 1);
        await this.#connection.query(this.#sql.erase(all.condition), all.values, client);
      }
      // After the rows are locked: a refresh that raced this has an `iat` before the time of the note.
      await note(ended, client);
      return ended;
    };
    return tx === undefined ? await this.#connection.transaction(endIn) : await endIn(tx);
  }

  async endOpenedBefore(beforeMs: number): Promise<number> {
    let ended = 0;
    for (;;) {
      const count = await this.#connection.transaction(async (tx) =>
        countOf(await this.#connection.query(this.#sql.endOpenedBefore, [beforeMs, restoreBatch], tx)),
      );
      ended += count;
      if (count < restoreBatch) return ended;
    }
  }

  async collect({ keepEndedMs, batch }: CollectLimits): Promise<CollectedFamilies | undefined> {
    return await this.#connection.transaction(async (tx) => {
      const [row] = await this.#connection.query(this.#sql.lockCollector, [], tx);
      if (!rowOf<{ readonly locked: boolean }>(row).locked) return undefined;
      const expired = countOf(await this.#connection.query(this.#sql.collectExpired, [batch], tx));
      const deleted = countOf(await this.#connection.query(this.#sql.collectEnded, [keepEndedMs, batch], tx));
      return { expired, deleted };
    });
  }

  async countLiveAccess(): Promise<ReadonlyMap<string, number>> {
    const clients = await this.#connection.query(this.#sql.liveAccess);
    return new Map(clients.map(liveAccessOf));
  }

  async countRows(): Promise<RowCounts> {
    const [row] = await this.#connection.query(this.#sql.countRows);
    const { active, ended } = rowOf<RowCounts>(row);
    return { active, ended };
  }
}

function readFamily(found: unknown): { readonly family: Family; readonly nowMs: number } {
  const row = rowOf(found);
  return { family: familyOf(row), nowMs: row.now ?? Number.NaN };
}

/** What the statement `waitForOpening` locks. */
function openedWith(which: FamilySelector): string | undefined {
  if ('subject' in which) return which.subject;
  if ('session' in which) return which.session;
  // A grant is known only once its family can be seen.
  return 'client' in which ? which.client : undefined;
}

function countOf([row]: readonly unknown[]): number {
  return rowOf<Count>(row).count;
}

function liveAccessOf(row: unknown): [client: string, families: number] {
  const { client_id: client, families } = rowOf<{ readonly client_id: string; readonly families: number }>(row);
  return [client, families];
}
