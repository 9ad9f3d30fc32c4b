import { LogError } from '@revocast/denylist';
import { type MetricFamilies, type MetricsRegistry, processWide, registerFamilies } from '@revocast/denylist/replica';
import type { FamilyCounters } from '../families/family-observer.ts';
import type { FamilyFigures } from '../families/family-store.ts';
import type { AttemptResult, OutboxFigures } from '../outbox/outbox-store.ts';
import { StoreError } from '../outbox/store-error.ts';
import { type IssuerMetricName, issuerMetrics } from './issuer-metrics.ts';

/** What a lifecycle counts. */
export interface IssuerCounters extends FamilyCounters {
  /** The worker has tried to log a row. */
  attempted(result: AttemptResult, error: unknown): void;
  storeFailed(error: unknown): void;
  refreshedEarly(): void;
  /** Reads the figures of an outbox at each scrape, until the returned function is called. */
  watch(figures: () => Promise<OutboxFigures>): () => void;
}

/** Counts nothing. */
export const noCounters: IssuerCounters = {
  attempted() {},
  storeFailed() {},
  refreshedEarly() {},
  watch: () => () => {},
  shown() {},
  shadowed() {},
  collected() {},
  collectorSucceeded() {},
  watchFamilies: () => () => {},
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
  const watchedFamilies = new Set<() => Promise<FamilyFigures>>();
  const { families, registerMissing } = registerFamilies(registry, issuerMetrics, async (all) => {
    await Promise.all([collect(all, watched), collectFamilies(all, watchedFamilies)]);
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
      families.cell('refresh_families_collected_total', { kind: 'expired' }).value += expired;
      families.cell('refresh_families_collected_total', { kind: 'deleted' }).value += deleted;
    },
    collectorSucceeded(nowMs) {
      families.cell('refresh_collector_last_success_timestamp_seconds').value = nowMs / 1000;
    },
    watchFamilies(figures) {
      watchedFamilies.add(figures);
      return () => watchedFamilies.delete(figures);
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
  const answers = await Promise.allSettled([...watched].map((figures) => figures()));
  const figures = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  if (figures.length < answers.length) return;
  families.cell('outbox_pending').value = figures.reduce((sum, { pending }) => sum + pending, 0);
  families.cell('outbox_oldest_seconds').value = Math.max(0, ...figures.map(({ oldestSeconds }) => oldestSeconds));
}

async function collectFamilies(
  families: MetricFamilies<IssuerMetricName>,
  watched: ReadonlySet<() => Promise<FamilyFigures>>,
): Promise<void> {
  const answers = await Promise.allSettled([...watched].map((figures) => figures()));
  const figures = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  if (figures.length < answers.length) return;
  for (const state of ['active', 'ended'] as const) {
    families.cell('refresh_families', { state }).value = figures.reduce((sum, each) => sum + each[state], 0);
  }
}
