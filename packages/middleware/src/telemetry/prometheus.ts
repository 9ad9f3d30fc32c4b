import { type Counter, type MetricsRegistry, processWide, registerFamilies } from '@revocast/denylist/replica';
import type { Rejected, Unavailable } from '../decision.ts';
import { isUnavailable, type Reason, reasons } from '../errors.ts';
import { type KeySourceObserver, keyLookupResults, keySetFetchResults } from '../jwks/key-source.ts';
import { endReasons } from '../streams/watch.ts';
import { collectSources } from './collect-sources.ts';
import { feedCounters } from './feed-counters.ts';
import { type MetricFamilies, middlewareMetrics } from './middleware-metrics.ts';
import type { DecisionUse, Telemetry, WatchedSources } from './telemetry.ts';

/** The telemetry of each registry. */
const telemetries = processWide('middleware.telemetries.1', () => new WeakMap<MetricsRegistry, Registered>());

interface Registered {
  readonly telemetry: Telemetry;
  registerMissing(): void;
}

export interface PrometheusOptions {
  readonly registry: MetricsRegistry;
  /** For `build_info`. */
  readonly version: string;
  readonly node: string;
}

/**
 * Registers the metrics of this package on a registry, and counts on it. A second call with the same registry returns the
 * same object, so that verifiers share their series.
 *
 * @throws ConfigurationError when the registry already has a metric of the same name.
 */
export function prometheusTelemetry(options: PrometheusOptions): Telemetry {
  const known = telemetries.get(options.registry);
  if (known !== undefined) {
    known.registerMissing();
    return known.telemetry;
  }
  const registered = register(options);
  telemetries.set(options.registry, registered);
  return registered.telemetry;
}

function register({ registry, version, node }: PrometheusOptions): Registered {
  const watched = new Set<WatchedSources>();
  const { families, registerMissing } = registerFamilies(registry, middlewareMetrics, (all) =>
    collectSources(all, [...watched]),
  );
  families.cell('build_info', { version, node, component: 'middleware' }).value = 1;

  const verifications = perReason(families, 'verifications_total');
  verifications.expect('unknown');
  // Most requests are accepted, and most processes have one issuer.
  let accepted = { issuerAlias: 'unknown', counter: verifications.cell('accepted', 'none', 'unknown') };
  const acceptedOf = (issuerAlias: string): Counter => {
    if (accepted.issuerAlias !== issuerAlias) {
      accepted = { issuerAlias, counter: verifications.cell('accepted', 'none', issuerAlias) };
    }
    return accepted.counter;
  };
  const refusedOf = ({ outcome, reason, issuerAlias }: Rejected | Unavailable, use: DecisionUse): Counter => {
    const label = use === 'anonymous' ? 'accepted' : use === 'report-only' ? 'would_reject' : outcome;
    return verifications.cell(label, reason, issuerAlias);
  };
  const authorizations = perReason(families, 'authorizations_total');
  authorizations.expect();
  const keySourceObservers = new Map<string, KeySourceObserver>();
  // Bound once, so that counting on the request path is an addition.
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
  // A name that is not constant makes V8 search for the property, so the counters of a token that was accepted before are read once.
  const { hit } = cacheLookups;
  const { active } = checks.memory;
  const { cached: acceptedAgain } = durations.accepted;
  const streamEnds = bind(endReasons, (reason) => families.cell('streams_ended_total', { reason }));
  const streamEndSeconds = families.histogram('stream_end_seconds');

  const telemetry: Telemetry = {
    decided(decision, use, durationMs) {
      const { outcome, issuerAlias, cached } = decision;
      const counter = outcome === 'accepted' ? acceptedOf(issuerAlias) : refusedOf(decision, use);
      counter.value += 1;
      const duration =
        outcome === 'accepted' && cached ? acceptedAgain : durations[outcome][cached ? 'cached' : 'verified'];
      duration.observe(durationMs / 1000);
    },
    authorized(reason, reportOnly) {
      const refused = reportOnly ? 'would_reject' : outcomeOf(reason);
      authorizations.cell(reason === undefined ? 'accepted' : refused, reason ?? 'none').value += 1;
    },
    tokenCacheAsked(result) {
      const counter = result === 'hit' ? hit : cacheLookups[result];
      counter.value += 1;
    },
    verdictGiven(source, verdict) {
      const counter = source === 'memory' && verdict === 'active' ? active : checks[source][verdict];
      counter.value += 1;
    },
    failedOpen() {
      failOpen.value += 1;
    },
    keySourceObserver(alias) {
      const observer = keySourceObservers.get(alias) ?? countKeySource(families, alias);
      keySourceObservers.set(alias, observer);
      return observer;
    },
    streamEnded(reason, seconds) {
      streamEnds[reason].value += 1;
      if (seconds !== undefined) streamEndSeconds.observe(seconds);
    },
    feedObservers: [feedCounters(families)],
    families,
    expectIssuer(alias) {
      verifications.expect(alias);
    },
    watch(sources) {
      watched.add(sources);
      return () => watched.delete(sources);
    },
  };
  return { telemetry, registerMissing };
}

function bind<Name extends string, Bound>(names: readonly Name[], make: (name: Name) => Bound): Record<Name, Bound> {
  const entries = names.map((name) => [name, make(name)] as const);
  return Object.fromEntries(entries) as Record<Name, Bound>; // of exactly these names
}

function outcomeOf(reason: Reason | undefined): 'accepted' | 'rejected' | 'unavailable' {
  if (reason === undefined) return 'accepted';
  return isUnavailable(reason) ? 'unavailable' : 'rejected';
}

/** Series by outcome and reason, bound once. Three look-ups with constant strings cost less than one with a joined string. */
function perReason(families: MetricFamilies, name: 'verifications_total' | 'authorizations_total') {
  const byIssuer = new Map<string, Map<string, Map<string, Counter>>>();
  const cell = (outcome: string, reason: Reason | 'none', issuer?: string): Counter => {
    const byOutcome = within(byIssuer, issuer ?? '', () => new Map<string, Map<string, Counter>>());
    const byReason = within(byOutcome, outcome, () => new Map<string, Counter>());
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

function countKeySource(families: MetricFamilies, issuer: string): KeySourceObserver {
  const lookups = bind(keyLookupResults, (result) => families.cell('jwks_key_lookups_total', { issuer, result }));
  const fetches = bind(keySetFetchResults, (result) => families.cell('jwks_fetches_total', { issuer, result }));
  families.histogram('jwks_fetch_duration_seconds', { issuer });
  families.cell('jwks_last_success_timestamp_seconds', { issuer });
  return {
    keyLookedUp(result) {
      lookups[result].value += 1;
    },
    keySetFetched({ result, durationMs, atWallMs }) {
      fetches[result].value += 1;
      families.histogram('jwks_fetch_duration_seconds', { issuer }).observe(durationMs / 1000);
      if (result === 'loaded' || result === 'not_modified') {
        families.cell('jwks_last_success_timestamp_seconds', { issuer }).value = atWallMs / 1000;
      }
    },
    keysHeld(count) {
      families.cell('jwks_keys', { issuer }).value = count;
    },
  };
}
