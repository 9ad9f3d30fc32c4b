import { LogError } from '@revocast/denylist';
import { type MetricFamilies, type MetricsRegistry, processWide, registerFamilies } from '@revocast/denylist/replica';
import type { FamilyCounters } from '../families/family-observer.ts';
import type { AttemptResult, OutboxFigures, RowCounts } from '../outbox/outbox-store.ts';
import { StoreError } from '../outbox/store-error.ts';
import { type IssuerMetricName, issuerMetrics, type StoreTable, storeTables } from './issuer-metrics.ts';

/** What a lifecycle counts. */
export interface IssuerCounters extends FamilyCounters {
  /** The worker has tried to log a row. */
  attempted(result: AttemptResult, error: unknown): void;
  storeFailed(error: unknown): void;
  refreshedEarly(): void;
  stampedAhead(): void;
  /** Reads the figures of an outbox at each scrape, until the returned function is called. */
  watch(figures: () => Promise<OutboxFigures>): () => void;
  /** The same for the rows of a table. */
  watchRows(table: StoreTable, count: () => Promise<RowCounts>): () => void;
  /** Settled rows were deleted. */
  settledDeleted(rows: number): void;
}

/** Counts nothing. */
export const noCounters: IssuerCounters = {
  attempted() {},
  storeFailed() {},
  refreshedEarly() {},
  stampedAhead() {},
  watch: () => () => {},
  shown() {},
  shadowed() {},
  collected() {},
  collectorSucceeded() {},
  watchRows: () => () => {},
  settledDeleted() {},
};

interface Registered {
  readonly counters: IssuerCounters;
  registerMissing(): void;
}

/** The counters of each registry: several lifecycles of one process share their series. */
const registered = processWide('issuer.counters.1', () => new WeakMap<MetricsRegistry, Registered>());

/** @throws ConfigurationError when the registry already has a metric of the same name. */
export function countersOn(registry: MetricsRegistry): IssuerCounters {
  const known = registered.get(registry);
  if (known !== undefined) {
    known.registerMissing();
    return known.counters;
  }
  const watched = new Set<() => Promise<OutboxFigures>>();
  const watchedTables = storeTables.map((table) => ({ table, counts: new Set<() => Promise<RowCounts>>() }));
  const { families, registerMissing } = registerFamilies(registry, issuerMetrics, async (all) => {
    await Promise.all([collect(all, watched), ...watchedTables.map((each) => collectRows(all, each))]);
  });
  const counters: IssuerCounters = {
    attempted(result, error) {
      if ('outcome' in result) families.cell('outbox_settled_total', { outcome: result.outcome }).value += 1;
      if (error === undefined) return;
      const code = error instanceof LogError ? error.code : 'unexpected';
      families.cell('outbox_attempt_failures_total', { code }).value += 1;
    },
    storeFailed(error) {
      const code = error instanceof StoreError ? error.code : 'unexpected';
      families.cell('outbox_store_failures_total', { code }).value += 1;
    },
    refreshedEarly() {
      families.cell('refresh_early_total').value += 1;
    },
    stampedAhead() {
      families.cell('stamped_ahead_total').value += 1;
    },
    watch(figures) {
      watched.add(figures);
      return () => watched.delete(figures);
    },
    shown(outcome) {
      families.cell('refresh_outcomes_total', { outcome }).value += 1;
    },
    shadowed() {
      families.cell('refresh_shadowed_total').value += 1;
    },
    collected({ expired, deleted }) {
      families.cell('collected_total', { kind: 'expired' }).value += expired;
      families.cell('collected_total', { kind: 'family' }).value += deleted;
    },
    collectorSucceeded(nowMs) {
      families.cell('collector_last_success_timestamp_seconds').value = nowMs / 1000;
    },
    watchRows(table, count) {
      const counts = watchedTables.find((each) => each.table === table)?.counts;
      counts?.add(count);
      return () => counts?.delete(count);
    },
    settledDeleted(rows) {
      families.cell('collected_total', { kind: 'outbox' }).value += rows;
    },
  };
  registered.set(registry, { counters, registerMissing });
  return counters;
}

/** While a store does not answer, its last figures stay: an outage of the store must not look like an empty outbox. */
async function collect(
  families: MetricFamilies<IssuerMetricName>,
  watched: ReadonlySet<() => Promise<OutboxFigures>>,
): Promise<void> {
  const figures = await answersOf(watched);
  if (figures === undefined) return;
  families.cell('outbox_pending').value = figures.reduce((sum, { pending }) => sum + pending, 0);
  families.cell('outbox_oldest_seconds').value = Math.max(0, ...figures.map(({ oldestSeconds }) => oldestSeconds));
}

async function collectRows(
  families: MetricFamilies<IssuerMetricName>,
  { table, counts }: { readonly table: StoreTable; readonly counts: ReadonlySet<() => Promise<RowCounts>> },
): Promise<void> {
  const found = await answersOf(counts);
  for (const state of ['active', 'ended'] as const) {
    const rows = found?.reduce((sum, each) => sum + each[state], 0);
    if (rows !== undefined) families.cell('store_rows', { table, state }).value = rows;
  }
}

/** Undefined when a store does not answer. */
async function answersOf<Answer>(watched: ReadonlySet<() => Promise<Answer>>): Promise<Answer[] | undefined> {
  const answers = await Promise.allSettled([...watched].map((ask) => ask()));
  const values = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  return values.length < answers.length ? undefined : values;
}
