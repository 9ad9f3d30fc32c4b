import type { MetricFamilies } from './middleware-metrics.ts';
import type { WatchedSources } from './telemetry.ts';

/** Sets the metrics that show the state of feeds, key sets and caches at the time of a scrape. */
export function collectSources(families: MetricFamilies, watched: readonly WatchedSources[]): void {
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
  const paused = statuses.map((status) => status?.forgettingPausedMs ?? 0);
  families.cell('forgetting_paused_seconds').value = Math.max(0, ...paused) / 1000;
  const keySources = new Set(watched.flatMap(({ keys }) => keys.map(({ source }) => source)));
  const jwksDegraded = [...keySources].some((source) => source.status().state !== 'fresh');
  families.cell('degraded', { dependency: 'jwks' }).value = Number(jwksDegraded);
  families.cell('degraded', { dependency: 'denylist' }).value = Number(states.some((state) => state !== 'fresh'));
  const caches = new Set(watched.flatMap(({ tokenCache }) => tokenCache ?? []));
  families.cell('token_cache_entries').value = sum([...caches].map(({ size }) => size));
  families.cell('watched_streams').value = sum(watched.map(({ streams }) => streams?.size ?? 0));
}
