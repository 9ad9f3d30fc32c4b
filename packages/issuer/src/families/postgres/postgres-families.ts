import type { Transaction } from '../../outbox/outbox-store.ts';
import type { Ending } from '../advance.ts';
import type { Family } from '../family.ts';
import {
  type CollectedFamilies,
  type CollectLimits,
  type EndedFamilies,
  type EndOptions,
  type FamilyFigures,
  type FamilySelector,
  type FamilyStore,
  maxEndedGrants,
  type NewFamily,
  type NoteEnd,
  type Presentation,
  type Presented,
} from '../family-store.ts';
import { decide } from '../state-machine.ts';
import { familyOf, numberOf } from './family-row.ts';
import { conditionOf } from './select-families.ts';
import * as sql from './statements.ts';
import { inTransaction, type PostgresPool, query } from './transaction.ts';

const batch = 1000;
/** Each one is caused by a clock that was set back between two statements. */
const maxAttempts = 3;

/** Families in PostgreSQL 13 or later: one row each, and one statement for a rotation. */
export class PostgresFamilies implements FamilyStore {
  readonly #pool: PostgresPool;

  constructor(pool: PostgresPool) {
    this.#pool = pool;
  }

  async prepare(): Promise<void> {
    await query(this.#pool, 'select id, retried_generations, replaced_at from revocast_family limit 0');
  }

  async open(family: NewFamily): Promise<Family> {
    const { id, grant, issuer, client, subject, session, binding, data, hash, keyId } = family;
    const text = data === undefined ? null : JSON.stringify(data);
    const values = [id, grant, issuer, client, subject, session, binding, text, hash, keyId];
    const { rows } = await query(this.#pool, sql.openSql, [
      ...values,
      family.idleMs,
      family.absoluteMs,
      family.accessMs,
    ]);
    return familyOf(rows[0]);
  }

  async present(presentation: Presentation, note: NoteEnd): Promise<Presented> {
    for (let attempt = 1; ; attempt++) {
      const presented =
        (await this.#rotate(presentation)) ??
        (await this.#retry(presentation)) ??
        (await this.#refuse(presentation, note));
      if (presented !== 'again') return presented;
      if (attempt === maxAttempts) throw new Error(`the clock of the database moved back ${maxAttempts} times`);
    }
  }

  async #rotate({ family: id, shown, next, lifetimes }: Presentation): Promise<Presented | undefined> {
    const { rows } = await query(this.#pool, sql.rotateSql, [
      ...[id, shown.generation, shown.hash, shown.client, shown.binding, lifetimes.accessMs],
      ...[next.hash, next.salt, next.keyId, lifetimes.idleMs, lifetimes.graceMs],
    ]);
    const [row] = rows;
    if (row === undefined) return undefined;
    const nowMs = numberOf(row, 'rotated_at');
    return { outcome: 'rotated', family: familyOf(row), nowMs, replacedAtMs: numberOf(row, 'replaced_at') };
  }

  async #retry({ family: id, shown, rules, lifetimes }: Presentation): Promise<Presented | undefined> {
    const { rows } = await query(this.#pool, sql.retrySql, [
      ...[id, shown.generation, shown.hash, shown.client, shown.binding, lifetimes.accessMs],
      rules.maxRetries,
    ]);
    const [row] = rows;
    if (row === undefined) return undefined;
    return { outcome: 'retried', family: familyOf(row), nowMs: numberOf(row, 'now') };
  }

  /** Neither statement found the row: reads why, and ends the family where the state machine says so. */
  async #refuse({ family: id, shown, rules }: Presentation, note: NoteEnd): Promise<Presented | 'again'> {
    const decideAbout = (row: unknown) => {
      const nowMs = numberOf(row, 'now');
      const family = familyOf(row);
      return { nowMs, family, decision: decide(family, shown, { nowMs, rules }) };
    };
    const { rows } = await query(this.#pool, sql.readSql, [id]);
    if (rows[0] === undefined) return { outcome: 'unknown' };
    const { nowMs, family, decision } = decideAbout(rows[0]);
    // Most refused tokens end nothing, and need no lock.
    if (decision.do === 'refuse') return { outcome: decision.outcome, family, nowMs };

    return await inTransaction(this.#pool, async (tx) => {
      const locked = await query(tx, `${sql.readSql} for update`, [id]);
      if (locked.rows[0] === undefined) return { outcome: 'unknown' };
      const { nowMs, family, decision } = decideAbout(locked.rows[0]);
      if (decision.do === 'refuse') return { outcome: decision.outcome, family, nowMs };
      if (decision.do !== 'end') return 'again';
      const { outcome, reason } = decision;
      const ended = await query(tx, sql.endOneSql, [id, reason]);
      await note({ reason, count: 1, grants: [family.grant] }, tx);
      return { outcome, family: familyOf(ended.rows[0]), nowMs: numberOf(ended.rows[0], 'now') };
    });
  }

  async list({ issuer, subject }: { issuer: string; subject: string }): Promise<readonly Family[]> {
    const { rows } = await query(this.#pool, sql.listSql, [subject, issuer]);
    return rows.map(familyOf);
  }

  async end(which: FamilySelector, ending: Ending, { note, tx, erase }: EndOptions): Promise<EndedFamilies> {
    const endIn = async (client: Transaction): Promise<EndedFamilies> => {
      const { condition, values } = conditionOf(which, 4);
      const { rows } = await query(client, sql.endSql(condition), [
        ...[ending.reason, ending.by, maxEndedGrants],
        ...values,
      ]);
      const { count, grants } = rows[0] as { readonly count: number; readonly grants: readonly string[] };
      const ended = { ...ending, count, grants };
      if (erase) {
        const all = conditionOf(which, 1);
        await query(client, sql.eraseSql(all.condition), all.values);
      }
      // After the rows are locked: a refresh that raced this has an `iat` before the time of the note.
      await note(ended, client);
      return ended;
    };
    return tx === undefined ? await inTransaction(this.#pool, endIn) : await endIn(tx);
  }

  async endOpenedBefore(beforeMs: number): Promise<number> {
    let ended = 0;
    for (;;) {
      const { rowCount } = await query(this.#pool, sql.endOpenedBeforeSql, [beforeMs, batch]);
      ended += rowCount ?? 0;
      if ((rowCount ?? 0) < batch) return ended;
    }
  }

  async collect({ keepEndedMs, batch }: CollectLimits): Promise<CollectedFamilies | undefined> {
    return await inTransaction(this.#pool, async (tx) => {
      const { rows } = await query(tx, sql.lockCollectorSql);
      if (!(rows[0] as { readonly locked: boolean }).locked) return undefined;
      const expired = await query(tx, sql.collectExpiredSql, [batch]);
      const deleted = await query(tx, sql.collectEndedSql, [keepEndedMs, batch]);
      return { expired: expired.rowCount ?? 0, deleted: deleted.rowCount ?? 0 };
    });
  }

  async figures(): Promise<FamilyFigures> {
    const count = await query(this.#pool, sql.countSql);
    const live = await query(this.#pool, sql.liveAccessSql);
    const { active, ended } = count.rows[0] as { readonly active: number; readonly ended: number };
    const clients = live.rows as readonly { readonly client_id: string; readonly families: number }[];
    return { active, ended, liveAccess: new Map(clients.map(({ client_id, families }) => [client_id, families])) };
  }
}
