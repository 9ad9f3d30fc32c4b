import { type MetricSpec, metricPrefix } from '@revocast/denylist/replica';
import { ConfigurationError, type Reason, reasons, specOf } from '../errors.ts';
import type { MetricsRegistry } from '../options/telemetry-options.ts';
import { feedCounters } from './feed-counters.ts';
import type { MetricFamilies } from './metric-families.ts';
import { type Cell, HistogramFamily, type Labels, ValueFamily } from './metric-family.ts';
import { type MetricName, middlewareMetrics } from './middleware-metrics.ts';
import type { Telemetry, WatchedSources } from './telemetry.ts';

const telemetries = new WeakMap<MetricsRegistry, Telemetry>();

export interface PrometheusOptions {
  readonly registry: MetricsRegistry;
  /** For `build_info`. */
  readonly version: string;
  readonly node: string;
}

/**
 * Registers this package's metrics on a registry, and counts on it. The second call with one registry returns what the
 * first did: several verifiers share their series.
 *
 * @throws ConfigurationError when somebody else has registered one of the names.
 */
export function prometheusTelemetry(options: PrometheusOptions): Telemetry {
  const known = telemetries.get(options.registry);
  if (known !== undefined) return known;
  const telemetry = register(options);
  telemetries.set(options.registry, telemetry);
  return telemetry;
}

function register({ registry, version, node }: PrometheusOptions): Telemetry {
  const watched = new Map<WatchedSources, WatchedSources>();
  const families = registerFamilies(registry, () => collect(families, [...watched.values()]));
  families.cell('build_info', { version, node, component: 'middleware' }).value = 1;

  const verifications = perReason(families, 'verifications_total');
  verifications.expect('unknown');
  const authorizations = perReason(families, 'authorizations_total');
  authorizations.expect();
  const keySourceObservers = new Map<string, ReturnType<typeof countKeySource>>();
  // Bound once: on the request path counting is an addition.
  const failOpen = families.cell('fail_open_accepts_total');
  const cacheLookups = bind(['hit', 'miss', 'invalidated'], (result) =>
    families.cell('token_cache_lookups_total', { result }),
  );
  const checks = bind(['memory', 'redis'], (source) =>
    bind(['active', 'revoked', 'unknown'], (verdict) => families.cell('denylist_checks_total', { source, verdict })),
  );
  const durations = bind(['accepted', 'rejected', 'unavailable'], (outcome) =>
    bind(['cached', 'verified'], (path) => families.histogram('verification_duration_seconds', { outcome, path })),
  );

  return {
    decided(decision, use, durationMs) {
      const { outcome, issuerAlias, cached } = decision;
      const reason = outcome === 'accepted' ? 'none' : decision.reason;
      const label =
        use === 'anonymous' ? 'accepted' : use === 'report-only' && outcome !== 'accepted' ? 'would_reject' : outcome;
      verifications.cell(label, reason, issuerAlias).value += 1;
      durations[outcome][cached ? 'cached' : 'verified'].observe(durationMs / 1000);
    },
    authorized(reason, reportOnly) {
      const refused = reportOnly ? 'would_reject' : outcomeOf(reason);
      authorizations.cell(reason === undefined ? 'accepted' : refused, reason ?? 'none').value += 1;
    },
    tokenCacheAsked(result) {
      cacheLookups[result].value += 1;
    },
    verdictGiven(source, verdict) {
      checks[source][verdict].value += 1;
    },
    failedOpen() {
      failOpen.value += 1;
    },
    keySourceObserver(alias) {
      const observer = keySourceObservers.get(alias) ?? countKeySource(families, alias);
      keySourceObservers.set(alias, observer);
      return observer;
    },
    feedObservers: [feedCounters(families)],
    families,
    expectIssuer(alias) {
      verifications.expect(alias);
    },
    watch(sources) {
      watched.set(sources, sources);
      return () => watched.delete(sources);
    },
  };
}

function registerFamilies(registry: MetricsRegistry, collectAll: () => void): MetricFamilies {
  const values = new Map<string, ValueFamily>();
  const histograms = new Map<string, HistogramFamily>();
  for (const spec of middlewareMetrics) {
    const name = `${metricPrefix}${spec.name}`;
    if (registry.getSingleMetric(name) !== undefined) {
      throw new ConfigurationError('metrics.registry', `already has a metric ${name}: give another registry`);
    }
    const family = createFamily(spec, name, collectAll);
    if (family instanceof HistogramFamily) histograms.set(spec.name, family);
    else values.set(spec.name, family);
    startAtZero(spec, family);
    // A registry takes its own library's classes in its types; what it calls on them is name, type and get().
    registry.registerMetric(family as never);
  }
  return {
    cell: (name, labels) => found(values, name).cell(labels),
    histogram: (name, labels) => found(histograms, name).cell(labels),
  };
}

function createFamily(spec: MetricSpec, name: string, collectAll: () => void): ValueFamily | HistogramFamily {
  const { type, help, buckets = [] } = spec;
  if (type === 'histogram') return new HistogramFamily({ name, help, buckets });
  return new ValueFamily(type, { name, help, collect: collectAll });
}

/** A series that appears with its first event cannot show the rise from 0 to 1. */
function startAtZero({ labels }: MetricSpec, family: ValueFamily | HistogramFamily): void {
  let combinations: Labels[] = [{}];
  for (const [name, values] of Object.entries(labels)) {
    if (values === undefined) return;
    combinations = combinations.flatMap((rest) => values.map((value) => ({ ...rest, [name]: value })));
  }
  for (const combination of combinations) family.cell(combination);
}

function found<Family>(families: ReadonlyMap<string, Family>, name: string): Family {
  const family = families.get(name);
  if (family === undefined) throw new Error(`the metric table has no such series of this type: ${name}`);
  return family;
}

function bind<Name extends string, Bound>(names: readonly Name[], make: (name: Name) => Bound): Record<Name, Bound> {
  const entries = names.map((name) => [name, make(name)] as const);
  return Object.fromEntries(entries) as Record<Name, Bound>; // of exactly these names
}

function outcomeOf(reason: Reason | undefined): 'accepted' | 'rejected' | 'unavailable' {
  if (reason === undefined) return 'accepted';
  return specOf(reason).family === 'token' ? 'rejected' : 'unavailable';
}

/** Series by outcome and reason, bound once; three look-ups by constant strings, where joining them would cost more. */
function perReason(families: MetricFamilies, name: 'verifications_total' | 'authorizations_total') {
  const byIssuer = new Map<string, Map<string, Map<string, Cell>>>();
  const cell = (outcome: string, reason: Reason | 'none', issuer?: string): Cell => {
    const byOutcome = within(byIssuer, issuer ?? '', () => new Map<string, Map<string, Cell>>());
    const byReason = within(byOutcome, outcome, () => new Map<string, Cell>());
    return within(byReason, reason, () =>
      families.cell(name, { outcome, reason, ...(issuer !== undefined && { issuer }) }),
    );
  };
  return {
    cell,
    expect(issuer?: string): void {
      cell('accepted', 'none', issuer);
      for (const reason of reasons) cell(outcomeOf(reason), reason, issuer);
    },
  };
}

function within<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const held = map.get(key);
  if (held !== undefined) return held;
  const made = make();
  map.set(key, made);
  return made;
}

function countKeySource(families: MetricFamilies, issuer: string) {
  const lookups = new Map<string, Cell>();
  for (const result of valuesOf('jwks_key_lookups_total', 'result')) {
    lookups.set(result, families.cell('jwks_key_lookups_total', { issuer, result }));
  }
  for (const result of valuesOf('jwks_fetches_total', 'result'))
    families.cell('jwks_fetches_total', { issuer, result });
  families.histogram('jwks_fetch_duration_seconds', { issuer });
  families.cell('jwks_last_success_timestamp_seconds', { issuer });
  return {
    keyLookedUp(result: string) {
      within(lookups, result, () => families.cell('jwks_key_lookups_total', { issuer, result })).value += 1;
    },
    keySetFetched({ result, durationMs, atWallMs }: { result: string; durationMs: number; atWallMs: number }) {
      families.cell('jwks_fetches_total', { issuer, result }).value += 1;
      families.histogram('jwks_fetch_duration_seconds', { issuer }).observe(durationMs / 1000);
      if (result === 'loaded' || result === 'not_modified') {
        families.cell('jwks_last_success_timestamp_seconds', { issuer }).value = atWallMs / 1000;
      }
    },
    keysHeld(count: number) {
      families.cell('jwks_keys', { issuer }).value = count;
    },
  };
}

function valuesOf(metric: MetricName, label: string): readonly string[] {
  const specs: readonly MetricSpec[] = middlewareMetrics;
  return specs.find(({ name }) => name === metric)?.labels[label] ?? [];
}

function collect(families: MetricFamilies, watched: readonly WatchedSources[]): void {
  const feeds = [...new Set(watched.flatMap(({ feed }) => feed ?? []))];
  const statuses = feeds.map((feed) => feed.status());
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const states = statuses.map((status) => status?.freshness.state ?? 'cold');
  for (const state of ['cold', 'fresh', 'stale']) {
    families.cell('feed_state', { state }).value = states.filter((held) => held === state).length;
  }
  families.cell('denylist_rules').value = sum(statuses.map((status) => status?.rules ?? 0));
  families.cell('denylist_limit_rules').value = sum(statuses.map((status) => status?.maxRules ?? 0));
  const watermarks = statuses.map((status) => status?.watermarkMs ?? 0);
  families.cell('denylist_watermark_timestamp_seconds').value = feeds.length === 0 ? 0 : Math.min(...watermarks) / 1000;
  families.cell('feed_not_fresh_seconds_total').value = sum(feeds.map((feed) => feed.notFreshMs)) / 1000;
  const offset = statuses.find((status) => status?.clockOffsetMs !== undefined)?.clockOffsetMs ?? 0;
  families.cell('clock_offset_seconds', { peer: 'log' }).value = offset / 1000;
  const keySources = new Set(watched.flatMap(({ keys }) => keys.map(({ source }) => source)));
  const jwksDegraded = [...keySources].some((source) => source.status().state !== 'fresh');
  families.cell('degraded', { dependency: 'jwks' }).value = Number(jwksDegraded);
  families.cell('degraded', { dependency: 'denylist' }).value = Number(states.some((state) => state !== 'fresh'));
  const caches = new Set(watched.flatMap(({ tokenCache }) => tokenCache ?? []));
  families.cell('token_cache_entries').value = sum([...caches].map(({ size }) => size));
}
