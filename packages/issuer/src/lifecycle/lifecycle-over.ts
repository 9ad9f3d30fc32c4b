import { ConfigurationError, LogError, type Published, type Publisher } from '@revocast/denylist';
import { type Clock, checkWholeNumber, type Random, type Undisposed } from '@revocast/denylist/replica';
import type { LifecycleEvent } from '../events/lifecycle-event.ts';
import { parseEvent } from '../events/parse-event.ts';
import { rowId, targetOf } from '../events/row-id.ts';
import { statementsOf } from '../events/statements.ts';
import type { AddedIn, NewOutboxRow, OutboxStore } from '../outbox/outbox-store.ts';
import { publishRow } from '../outbox/publish-row.ts';
import { OutboxWorker } from '../outbox/worker.ts';
import type { TokenObserver } from '../telemetry/token-observer.ts';
import { awaitRows, type RowsKnown } from './await-rows.ts';
import type { Lifecycle, Outcome, ReportOptions } from './lifecycle.ts';
import { outcomeStateOf } from './outcome-state.ts';
import { RowWaiters } from './row-waiters.ts';
import type { StampedTokens } from './stamped-tokens.ts';

const defaultWaitMs = 1000;
const mostAheadMs = 60_000;

export interface LifecyclePorts {
  readonly issuer: string;
  readonly publisher: Publisher;
  /** Absent: every event is logged at once, or fails. */
  readonly outbox: OutboxStore | undefined;
  readonly issuerSpreadSeconds: number;
  readonly stampedTokens: StampedTokens;
  readonly observe: TokenObserver;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: () => string;
  readonly close: () => Promise<void>;
}

/** A lifecycle over any store and log. */
export class LifecycleOver implements Undisposed<Lifecycle> {
  readonly #ports: LifecyclePorts;
  readonly #waiters = new RowWaiters();
  readonly #worker: OutboxWorker | undefined;
  readonly issuer: string;
  readonly observe: TokenObserver;

  constructor(ports: LifecyclePorts) {
    this.#ports = ports;
    this.issuer = ports.issuer;
    this.observe = ports.observe;
    const { outbox, clock } = ports;
    if (outbox === undefined) return;
    this.#worker = new OutboxWorker({
      outbox,
      clock,
      attempt: async (row) => {
        const attempt = await publishRow(row, ports);
        this.#waiters.answer({ id: row.id, ...attempt });
        return attempt.result;
      },
      storeFailed: () => {},
    });
  }

  start(): void {
    this.#worker?.start();
  }

  async close(): Promise<void> {
    await this.#worker?.close();
    await this.#ports.close();
  }

  async report(reported: LifecycleEvent, options: ReportOptions = {}): Promise<Outcome> {
    const event = parseEvent(reported);
    const { tx } = options;
    const waitMs = checkWaitMs(options.waitMs);
    const { outbox } = this.#ports;
    const rows = this.#rowsOf(event);
    if (tx !== undefined && outbox === undefined) {
      throw new ConfigurationError(
        'tx',
        'expected a store that is part of the transaction, found none; pass postgresStore(pool)',
      );
    }
    if (tx !== undefined && event.at !== undefined) {
      throw new ConfigurationError(
        'event.at',
        'expected none with tx: the event happens when the transaction is committed',
      );
    }
    if (outbox === undefined) return await this.#logAtOnce(rows);
    const known: RowsKnown = { states: new Map(), published: new Map() };
    const addedIn = await outbox.add(rows, tx);
    const outcome = this.#outcomeOf(rows, addedIn, known);
    if (tx !== undefined) return outcome;
    const settled = await outcome.settled(waitMs);
    if (settled.state === 'refused') throw known.refusal ?? new LogError('refused', 'the log refuses this revocation');
    return settled;
  }

  #rowsOf(event: LifecycleEvent): readonly NewOutboxRow[] {
    const { issuer, clock, newId, stampedTokens } = this.#ports;
    const nowMs = clock.wallMs();
    if (event.at !== undefined && event.at.getTime() > nowMs + mostAheadMs) {
      throw new ConfigurationError('event.at', 'expected a time at most 60 s in the future, found a later one');
    }
    const occurredAtMs = event.at === undefined ? undefined : Math.min(event.at.getTime(), nowMs);
    const eventId = event.id ?? newId();
    const context = { issuer, nowSeconds: Math.floor(nowMs / 1000), stampedUpTo: stampedTokens.upToSeconds() };
    return statementsOf(event, context).map((statement) => ({
      id: rowId(eventId, issuer, statement),
      target: targetOf(statement),
      statement,
      occurredAtMs,
    }));
  }

  /** Without a store: a failure is the caller's, and nothing is noted. */
  async #logAtOnce(rows: readonly NewOutboxRow[]): Promise<Outcome> {
    const { clock } = this.#ports;
    const nowMs = clock.wallMs();
    const times = { reportedAtMs: nowMs, frozenAtMs: nowMs, nowMs, attempts: 0 };
    const published: Published[] = [];
    for (const { occurredAtMs = nowMs, ...row } of rows) {
      const attempt = await publishRow({ ...row, ...times, occurredAtMs }, this.#ports);
      if (attempt.error !== undefined && !('outcome' in attempt.result && attempt.result.outcome === 'logged')) {
        throw attempt.error;
      }
      if (attempt.published !== undefined) published.push(attempt.published);
    }
    const outcome: Outcome = { state: 'logged', id: rows[0]?.id ?? '', published, settled: async () => outcome };
    return outcome;
  }

  #outcomeOf(rows: readonly NewOutboxRow[], addedIn: AddedIn, known: RowsKnown): Outcome {
    const { outbox, clock } = this.#ports;
    const ids = rows.map(({ id }) => id);
    return {
      state: outcomeStateOf(ids.map((id) => known.states.get(id) ?? 'pending')),
      id: ids[0] ?? '',
      published: [...known.published.values()],
      settled: async (given) => {
        const waitMs = checkWaitMs(given);
        const wakeWorker = () => this.#worker?.wake();
        if (outbox !== undefined) {
          await awaitRows({ ids, addedIn, known, waitMs, waiters: this.#waiters, outbox, wakeWorker, clock });
        }
        return this.#outcomeOf(rows, addedIn, known);
      },
    };
  }
}

function checkWaitMs(waitMs = defaultWaitMs): number {
  return checkWholeNumber('waitMs', waitMs, { least: 0, most: 60_000, unit: 'ms' });
}
