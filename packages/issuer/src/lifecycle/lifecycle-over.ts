import { ConfigurationError, LogError, type Published, type Publisher } from '@revocast/denylist';
import {
  type Clock,
  checkOptions,
  checkWholeNumber,
  isJsonObject,
  type Random,
  type Undisposed,
} from '@revocast/denylist/replica';
import type { LifecycleEvent } from '../events/lifecycle-event.ts';
import { parseEvent } from '../events/parse-event.ts';
import type { SubjectsOf } from '../events/subjects.ts';
import { cachedFor } from '../families/cached-for.ts';
import { FamilyCollector } from '../families/collector.ts';
import { createFamilies } from '../families/create-families.ts';
import type { Families } from '../families/families.ts';
import type { FamilyStore } from '../families/family-store.ts';
import { observeFamilies } from '../families/observe-families.ts';
import { type FamilyOptions, readFamilyOptions } from '../families/options/family-options.ts';
import type { NewOutboxRow, OutboxStore } from '../outbox/outbox-store.ts';
import { publishRow } from '../outbox/publish-row.ts';
import { StoreError } from '../outbox/store-error.ts';
import { OutboxWorker } from '../outbox/worker.ts';
import type { CountByClient } from '../telemetry/active-tokens.ts';
import type { IssuerCounters } from '../telemetry/issuer-counters.ts';
import type { TokenObserver } from '../telemetry/token-observer.ts';
import { createRevokeToken, type RevokeToken } from '../token/revoke-token.ts';
import type { TokenKeys } from '../token/token-keys.ts';
import { awaitRows, learn, type RowsKnown } from './await-rows.ts';
import { publishAndEndAgain } from './end-again.ts';
import { addTo, EventNotes, type NotedRows, type NoteOptions } from './event-notes.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { LifecycleStore } from './lifecycle-store.ts';
import type { Outcome, ReportOptions } from './outcome.ts';
import { outcomeStateOf } from './outcome-state.ts';
import { RowWaiters, type RunInContext } from './row-waiters.ts';
import type { StampedTokens } from './stamped-tokens.ts';

const defaultWaitMs = 1000;
const liveAccessForMs = 10_000;
/** Counting a million rows takes a tenth of a second. */
const rowsForMs = 60_000;

export interface LifecyclePorts {
  readonly issuer: string;
  readonly publisher: Publisher;
  /** Absent: every event is logged at once, or fails. */
  readonly store: LifecycleStore | undefined;
  readonly issuerSpreadSeconds: number;
  readonly stampedTokens: StampedTokens;
  /** Absent: `revokeToken` throws. */
  readonly keys: TokenKeys | undefined;
  readonly subjectsOf: SubjectsOf | undefined;
  readonly observe: TokenObserver;
  readonly captureContext: () => RunInContext;
  /** Asked for the living access tokens of refresh families, once there are families. */
  readonly watchLiveAccess: (count: CountByClient) => void;
  readonly counters: IssuerCounters;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: () => string;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly close: () => Promise<void>;
}

/** A lifecycle over any store and log. */
export class LifecycleOver implements Undisposed<Lifecycle> {
  readonly #ports: LifecyclePorts;
  readonly #events: EventNotes;
  readonly #waiters: RowWaiters;
  readonly #worker: OutboxWorker | undefined;
  /** Without families, `keep` would keep every session. */
  #hasFamilies = false;
  readonly #unwatch: readonly (() => void)[] = [];
  readonly #countLiveAccess: FamilyStore['countLiveAccess'] | undefined;
  readonly #collector: FamilyCollector | undefined;
  readonly issuer: string;
  readonly observe: TokenObserver;
  readonly mapsSubjects: boolean;
  readonly revokeToken: RevokeToken;

  constructor(ports: LifecyclePorts) {
    this.#ports = ports;
    this.#events = new EventNotes(ports);
    this.#waiters = new RowWaiters(ports.captureContext);
    this.issuer = ports.issuer;
    this.observe = ports.observe;
    this.mapsSubjects = ports.subjectsOf !== undefined;
    this.revokeToken = createRevokeToken(this, ports.keys);
    const { clock, counters } = ports;
    if (ports.store === undefined) return;
    const { outbox, families } = ports.store;
    const storeFailed = (error: unknown) => counters.storeFailed(error);
    const unwatch = [
      counters.watch(() => outbox.figures()),
      counters.watchRows(
        'outbox',
        cachedFor(rowsForMs, () => outbox.countRows(), clock),
      ),
    ];
    this.#unwatch = unwatch;
    this.#worker = new OutboxWorker({
      outbox,
      clock,
      attempt: async (row) => {
        const attempt = await this.#waiters.runFor(row.id, () => publishAndEndAgain(row, { ...ports, storeFailed }));
        counters.attempted(attempt.result, attempt.error);
        this.#waiters.answer({ id: row.id, ...attempt });
        return attempt.result;
      },
      collected: (rows) => counters.settledDeleted(rows),
      storeFailed,
    });
    if (families === undefined) return;
    unwatch.push(
      counters.watchRows(
        'family',
        cachedFor(rowsForMs, () => families.countRows(), clock),
      ),
    );
    this.#countLiveAccess = cachedFor(liveAccessForMs, () => families.countLiveAccess(), clock);
    this.#collector = new FamilyCollector({
      store: families,
      clock,
      collected: (collected) => counters.collected(collected),
      succeeded: () => counters.collectorSucceeded(clock.wallMs()),
      failed: (error) => counters.storeFailed(error),
    });
  }

  start(): void {
    this.#worker?.start();
    this.#collector?.start();
  }

  async close(): Promise<void> {
    await Promise.all([this.#worker?.close(), this.#collector?.close()]);
    for (const unwatch of this.#unwatch) unwatch();
    await this.#ports.close();
  }

  async report(reported: LifecycleEvent, options: ReportOptions = {}): Promise<Outcome> {
    const event = parseEvent(reported);
    checkOptions('report', options, ['tx', 'waitMs']);
    const { tx } = options;
    const waitMs = checkWaitMs(options.waitMs);
    const outbox = this.#ports.store?.outbox;
    if (tx !== undefined) checkTransaction(tx, outbox);
    if (tx !== undefined && event.at !== undefined) {
      throw new ConfigurationError(
        'event.at',
        'expected none with tx: the event happens when the transaction is committed',
      );
    }
    if ('keep' in event && event.keep !== undefined && !this.#hasFamilies) {
      throw new ConfigurationError(
        'event.keep',
        'expected refresh families, found none: call lifecycle.families() first',
      );
    }
    if (outbox === undefined) return await this.#logAtOnce(await this.#events.rowsOf(event));
    const expected = this.#expectRows();
    const noted = await this.#noteOrCount(event, outbox, { tx, adding: expected.adding });
    const outcome = this.#outcomeOf(noted, expected.known);
    if (tx !== undefined) return outcome;
    const settled = await outcome.settled(waitMs);
    if (settled.state === 'refused')
      throw expected.known.refusal ?? new LogError('refused', 'the log refuses this revocation');
    return settled;
  }

  async isReported(event: LifecycleEvent & { readonly id: string }): Promise<boolean> {
    const outbox = this.#ports.store?.outbox;
    if (outbox === undefined) return false;
    const rows = await this.#events.rowsOf(parseEvent(event));
    const states = await outbox.read(
      rows.map(({ id }) => id),
      {},
    );
    return states.some((state) => state !== 'unknown');
  }

  families(options: FamilyOptions): Families {
    const { issuer, store, observe, counters, randomBytes, subjectsOf } = this.#ports;
    const settings = readFamilyOptions(options, issuer);
    if (store?.families === undefined || this.#countLiveAccess === undefined) {
      throw new ConfigurationError('store', 'expected memoryStore() or postgresStore(pool) for families, found none');
    }
    if (subjectsOf !== undefined) {
      throw new ConfigurationError(
        'subjectsOf',
        'expected none with families: the subject of a family is the sub of its tokens',
      );
    }
    const { outbox, families } = store;
    this.#hasFamilies = true;
    this.#ports.watchLiveAccess(this.#countLiveAccess);
    return createFamilies({
      issuer,
      store: families,
      settings,
      countLiveAccess: this.#countLiveAccess,
      randomBytes,
      observer: observeFamilies(observe, counters),
      report: (event, reportOptions) => this.report(event, reportOptions),
      note: async (event, tx) => {
        const { known, adding } = this.#expectRows();
        const noted = await addTo(outbox, await this.#events.rowsOf(event), { tx, adding });
        return this.#outcomeOf(noted, known);
      },
    });
  }

  /** What the attempts of this process show of rows that are about to be added. */
  #expectRows(): { readonly known: RowsKnown; readonly adding: NoteOptions['adding'] } {
    const known: RowsKnown = { states: new Map(), published: new Map() };
    return { known, adding: (ids) => this.#waiters.expect(ids, (answer) => learn(known, answer)) };
  }

  async #noteOrCount(event: LifecycleEvent, outbox: OutboxStore, options: NoteOptions): Promise<NotedRows> {
    try {
      return await this.#events.note(event, outbox, options);
    } catch (error) {
      // A malformed event is no failure of the store.
      if (!(error instanceof ConfigurationError)) this.#ports.counters.storeFailed(error);
      throw error;
    }
  }

  /** Without a store: a failure is the caller's, and nothing is noted. */
  async #logAtOnce(rows: readonly NewOutboxRow[]): Promise<Outcome> {
    const { clock } = this.#ports;
    const nowMs = clock.wallMs();
    const times = { reportedAtMs: nowMs, frozenAtMs: nowMs, nowMs, attempts: 0 };
    const published: Published[] = [];
    for (const { occurredAtMs = nowMs, ...row } of rows) {
      const attempt = await publishRow({ ...row, ...times, occurredAtMs }, this.#ports);
      this.#ports.counters.attempted(attempt.result, attempt.error);
      if (attempt.error !== undefined && !('outcome' in attempt.result && attempt.result.outcome === 'logged')) {
        throw attempt.error;
      }
      if (attempt.published !== undefined) published.push(attempt.published);
    }
    const outcome: Outcome = { state: 'logged', id: rows[0]?.id ?? '', published, settled: async () => outcome };
    return outcome;
  }

  #outcomeOf(noted: NotedRows, known: RowsKnown): Outcome {
    const { ids, addedIn } = noted;
    const { clock, counters } = this.#ports;
    const outbox = this.#ports.store?.outbox;
    return {
      state: outcomeStateOf(ids.map((id) => known.states.get(id) ?? 'pending')),
      id: ids[0] ?? noted.event ?? '',
      published: [...known.published.values()].flat(),
      settled: async (given) => {
        const waitMs = checkWaitMs(given);
        const wakeWorker = () => this.#worker?.wake();
        if (outbox !== undefined) {
          try {
            await awaitRows({ ids, addedIn, known, waitMs, waiters: this.#waiters, outbox, wakeWorker, clock });
          } catch (error) {
            // The event is noted. What the store does not say is pending.
            if (!(error instanceof StoreError)) throw error;
            counters.storeFailed(error);
          }
        }
        return this.#outcomeOf(noted, known);
      },
    };
  }
}

function checkTransaction(tx: unknown, outbox: OutboxStore | undefined): void {
  if (outbox?.joinsTransactions !== true) {
    throw new ConfigurationError(
      'tx',
      'expected a store that can be part of the transaction, found none; pass postgresStore(pool)',
    );
  }
  if (!isJsonObject(tx) || typeof tx['query'] !== 'function') {
    throw new ConfigurationError('tx', 'expected a client of pg inside a transaction, found another value');
  }
}

function checkWaitMs(waitMs = defaultWaitMs): number {
  return checkWholeNumber('waitMs', waitMs, { least: 0, most: 60_000, unit: 'ms' });
}
