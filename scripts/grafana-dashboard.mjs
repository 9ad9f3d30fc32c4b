// Writes ops/grafana/revocast.json: a dashboard in Grafana's classic JSON, from the table below.
// Usage: node scripts/grafana-dashboard.mjs [--print]
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binOf, root, runNode } from './run.mjs';

const middleware = 'and on (job, instance) revocast_build_info{component="middleware"}';
const sidecar = 'and on (job, instance) revocast_build_info{component="sidecar"}';
const pods = 'namespace=~"$namespace",pod=~"$pod"';
/** The issuer's half is exported by other pods. */
const space = 'namespace=~"$namespace"';

const rate = (metric, labels = pods) => `rate(${metric}{${labels}}[$__rate_interval])`;
const quantile = (q, metric, { by = 'le', labels = pods, of = middleware } = {}) =>
  `histogram_quantile(${q}, sum by (${by}) (${rate(`${metric}_bucket`, labels)} ${of}))`;

/** Row → panels of [title, description, unit, queries of [legend, expression], options]. */
const rows = {
  'Is revocation working': [
    stat('Not fresh now', 'Processes that cannot tell whether a token is revoked.', 'none', [
      ['{{state}}', `sum by (state) (revocast_feed_state{${pods},state!="fresh"})`],
    ]),
    stat(
      'Leaked requests',
      'Accepted past the stated bound by a process that called itself fresh. Must be 0.',
      'none',
      [['leaked', `sum(increase(revocast_revocation_leaked_requests_total{${pods}}[$__range]))`]],
    ),
    stat('Accepted blindly', "Accepted although the revocation state was unknown: whenUnknown: 'accept'.", 'none', [
      ['accepted', `sum(increase(revocast_fail_open_accepts_total{${pods}}[$__range]))`],
    ]),
    stat('Error budget burnt in the last hour', 'At a pace of 1 the error budget of a month lasts a month.', 'none', [
      ['burn rate', `max(revocast:slo_errors:ratio_rate1h{${space}}) / 0.001`],
    ]),
    graph('Revocation latency', 'From the revocation to its being enforced, in processes that answer requests.', 's', [
      ['p50', quantile(0.5, 'revocast_revocation_latency_seconds')],
      ['p99', quantile(0.99, 'revocast_revocation_latency_seconds')],
      ['p99 of heartbeats', quantile(0.99, 'revocast_canary_latency_seconds')],
    ]),
    graph('Lag behind the log', 'How long ago each denylist was last known to be complete.', 's', [
      ['{{pod}} {{instance}}', `time() - (revocast_denylist_watermark_timestamp_seconds{${pods}} > 0)`],
    ]),
    graph(
      'Exposed and leaked requests',
      'Exposed: accepted while a revocation was on its way, which is normal.',
      'reqps',
      [
        ['exposed, {{dimension}}', `sum by (dimension) (${rate('revocast_revocation_exposed_requests_total')})`],
        ['leaked, {{dimension}}', `sum by (dimension) (${rate('revocast_revocation_leaked_requests_total')})`],
      ],
    ),
    graph('Age of exposed requests', 'How long after the revocation they were accepted.', 's', [
      ['p50', quantile(0.5, 'revocast_revocation_exposure_seconds')],
      ['p99', quantile(0.99, 'revocast_revocation_exposure_seconds')],
    ]),
    graph('Revocations', 'What is revoked, as the busiest process applies it.', 'ops', [
      ['{{dimension}}', `max by (dimension) (${rate('revocast_revocation_events_total', `${pods},result="applied"`)})`],
    ]),
  ],
  '401 causes': [
    graph(
      'Refused requests by reason',
      'A 401 is the fault of the token, never an outage. The runbook of Unauthorized401Spike says who can fix which.',
      'reqps',
      [
        [
          '{{reason}}',
          `sum by (reason) (${rate('revocast_verifications_total', `${pods},issuer=~"$issuer",outcome="rejected"`)})`,
        ],
      ],
      { stacked: true, width: 16 },
    ),
    graph('Unavailable by reason', 'Answered 503 or 500: our side, never the token.', 'reqps', [
      [
        '{{reason}}',
        `sum by (reason) (${rate('revocast_verifications_total', `${pods},issuer=~"$issuer",outcome="unavailable"`)})`,
      ],
    ]),
    graph('Share by outcome', 'would_reject comes from report-only mode.', 'percentunit', [
      [
        '{{outcome}}',
        `sum by (outcome) (${rate('revocast_verifications_total', `${pods},issuer=~"$issuer"`)}) / on () group_left () sum(${rate('revocast_verifications_total', `${pods},issuer=~"$issuer"`)})`,
      ],
    ]),
    graph('Refused by guards', 'requireScope and others: a verified token that may not do this.', 'reqps', [
      ['{{reason}}', `sum by (reason) (${rate('revocast_authorizations_total', `${pods},outcome="rejected"`)})`],
    ]),
    graph('Time to decide', 'p99 of protect(). A known token is a look-up in memory.', 's', [
      ['{{path}}, p99', quantile(0.99, 'revocast_verification_duration_seconds', { by: 'path, le' })],
    ]),
  ],
  'Latency stages': [
    graph(
      'Mean time by stage',
      'The stages add up to the latency.',
      's',
      [
        [
          '{{stage}}',
          `sum by (stage) (${rate('revocast_revocation_stage_seconds_sum')} ${middleware}) / sum by (stage) (${rate('revocast_revocation_stage_seconds_count')} ${middleware})`,
        ],
      ],
      { stacked: true },
    ),
    graph('p99 by stage', 'publish: into the log. deliver: to this host. apply: inside this host.', 's', [
      ['{{stage}}', quantile(0.99, 'revocast_revocation_stage_seconds', { by: 'stage, le' })],
    ]),
    heatmap(
      'Latency of every revocation',
      'Polling would stand at 10 s, caches at 300 to 600 s, hourly tokens at 3600 s.',
      's',
      `sum by (le) (increase(revocast_revocation_latency_seconds_bucket{${pods}}[$__rate_interval]) ${middleware})`,
    ),
    graph('Clocks', 'Log minus machine. Latencies are corrected for it; those below zero are counted as 0.', 's', [
      ['offset, {{instance}}', `revocast_clock_offset_seconds{${pods}}`],
      ['clamped a second', `sum(${rate('revocast_negative_latencies_total')})`],
    ]),
    graph('Gaps and snapshots', 'Holes in the history of the log, and what was done about them.', 'none', [
      ['gap: {{cause}}', `sum by (cause) (increase(revocast_log_gaps_total{${pods}}[$__rate_interval]))`],
      ['snapshot: {{cause}}', `sum by (cause) (increase(revocast_resyncs_total{${pods}}[$__rate_interval]))`],
      ['other log', `sum(increase(revocast_log_epoch_changes_total{${pods}}[$__rate_interval]))`],
      ['rules written back', `sum(increase(revocast_reseeded_rules_total{${pods}}[$__rate_interval]))`],
    ]),
  ],
  'Life of a token': [
    graph('Issued', 'By the authorization server, by grant type and result.', 'reqps', [
      ['{{grant_type}}, {{result}}', `sum by (grant_type, result) (${rate('oauth2_token_issued_total', space)})`],
    ]),
    graph(
      'Refreshed, and refresh tokens shown twice',
      'A used refresh token shown again is almost always theft.',
      'reqps',
      [
        ['refreshed, {{result}}', `sum by (result) (${rate('oauth2_token_refreshed_total', space)})`],
        ['reuse', `sum(${rate('oauth2_refresh_token_reuse_total', space)})`],
      ],
    ),
    graph('Age at refresh', 'Half of all tokens are refreshed before this age.', 's', [
      ['p50', `oauth2:token_age_at_refresh_seconds:p50_1h{${space}}`],
    ]),
    graph('Used', 'Accepted and refused in the APIs, by client class.', 'reqps', [
      [
        '{{client_class}}, {{result}}',
        `sum by (client_class, result) (${rate('oauth2_token_validated_total', space)})`,
      ],
    ]),
    graph('Revoked', 'By dimension and reason, where they are logged.', 'ops', [
      ['{{dimension}}, {{reason}}', `sum by (dimension, reason) (${rate('revocast_revocations_total', space)}) > 0`],
    ]),
    graph('Active', 'Tokens that the authorization server holds as active.', 'none', [
      ['active', `sum(oauth2_token_active{${space}})`],
    ]),
  ],
  Usage: [
    stat('Active subjects', 'Different ones this UTC day and month, over all processes that report.', 'none', [
      ['{{period}}', `max by (period) (revocast:active_subjects{${space}})`],
    ]),
    stat('Suspicious uses', 'One session or token in two places, too far apart for the time between.', 'none', [
      ['suspicious', `sum(increase(revocast_suspicious_uses_total{${pods}}[$__range]))`],
    ]),
    stat(
      'Unused scopes',
      'Granted within a week and asked for by no guard: a candidate for removal.',
      'none',
      [['{{scope}}', `count by (scope) (revocast:scopes_unused{${space}})`]],
      { names: true },
    ),
    stat(
      'Zombie tokens yesterday',
      'Issued and never used, by client class; known at the end of each UTC day.',
      'none',
      [['{{client_class}}', `sum by (client_class) (last_over_time(revocast:tokens_zombie:day{${space}}[1d]))`]],
    ),
    graph('Requests by client class', 'Classes are those of your configuration; other is in none.', 'reqps', [
      ['{{client_class}}', `sum by (client_class) (${rate('revocast_usage_requests_total')})`],
    ]),
    graph('Scopes, granted and used', 'Granted: the token has it. Used: a guard asked for it.', 'reqps', [
      ['{{scope}}, {{use}}', `sum by (scope, use) (${rate('revocast_usage_scope_requests_total')})`],
    ]),
    graph('Tokens seen and issued', 'Seen since midnight UTC; issued in the last 24 hours.', 'none', [
      ['seen, {{client_class}}', `sum by (client_class) (revocast:tokens_seen_today{${space}})`],
      [
        'issued, {{client_class}}',
        `sum by (client_class) (increase(oauth2_token_issued_total{${space},result="success"}[1d]))`,
      ],
    ]),
    graph('Age of tokens at use', 'How long ago the token of an accepted request was issued.', 's', [
      ['p50', quantile(0.5, 'revocast_token_age_at_use_seconds')],
      ['p99', quantile(0.99, 'revocast_token_age_at_use_seconds')],
    ]),
    graph('Reports and hooks', 'Anything but sent makes the figures above too low; no request waits for it.', 'none', [
      ['report {{result}}', `sum by (result) (increase(revocast_usage_reports_total{${pods}}[$__rate_interval]))`],
      ['did not fit', `sum(increase(revocast_usage_overflow_total{${pods}}[$__rate_interval]))`],
      [
        'failed {{hook}}',
        `sum by (hook) (increase(revocast_usage_hook_failures_total{${pods}}[$__rate_interval])) > 0`,
      ],
    ]),
  ],
  Keys: [
    graph('Key look-ups that found nothing', 'unknown_kid: 401. jwks_unavailable: 503.', 'reqps', [
      [
        '{{issuer}}, {{result}}',
        `sum by (issuer, result) (${rate('revocast_jwks_key_lookups_total', `${pods},issuer=~"$issuer",result!="found"`)})`,
      ],
    ]),
    graph('Refreshes of key sets', 'Anything but loaded and not_modified is a failure.', 'none', [
      [
        '{{issuer}}, {{result}}',
        `sum by (issuer, result) (increase(revocast_jwks_fetches_total{${pods},issuer=~"$issuer"}[$__rate_interval]))`,
      ],
    ]),
    graph('Age of key sets', 'Since the last successful refresh. Keys are used for an hour after it.', 's', [
      [
        '{{issuer}}',
        `max by (issuer) (time() - (revocast_jwks_last_success_timestamp_seconds{${pods},issuer=~"$issuer"} > 0))`,
      ],
    ]),
    graph('Usable keys', 'A change without a rotation deserves a look.', 'none', [
      ['{{issuer}}', `max by (issuer) (revocast_jwks_keys{${pods},issuer=~"$issuer"})`],
    ]),
    graph('Time of a refresh', 'The deadline is 3 s.', 's', [
      [
        '{{issuer}}, p99',
        quantile(0.99, 'revocast_jwks_fetch_duration_seconds', {
          by: 'issuer, le',
          labels: `${pods},issuer=~"$issuer"`,
        }),
      ],
    ]),
  ],
  'Redis and capacity': [
    graph('Rules held', 'All processes should agree; at the limit they are not fresh any more.', 'none', [
      ['{{instance}}', `revocast_denylist_rules{${pods}}`],
      ['limit', `min(revocast_denylist_limit_rules{${pods}})`],
    ]),
    graph('Memory of Redis', 'Under noeviction a full Redis refuses revocations.', 'bytes', [
      ['used', `max(revocast_redis_memory_used_bytes{${pods}})`],
      ['limit', `max(revocast_redis_memory_limit_bytes{${pods}} > 0)`],
    ]),
    stat('Evicted keys', 'Must be 0: an evicted revocation is an accepted attacker.', 'none', [
      ['evicted', `max(revocast_redis_evicted_keys{${pods}})`],
    ]),
    stat(
      'Eviction policy',
      'Only noeviction is safe.',
      'none',
      [['{{policy}}', `max by (policy) (revocast_redis_eviction_policy_info{${pods}})`]],
      { names: true },
    ),
    graph('Entries in the log', 'Heartbeats and the revocations of the retained time.', 'none', [
      ['entries', `max(revocast_redis_log_entries{${pods}})`],
    ]),
    graph('What the log retains', 'A reader that is away for longer takes a snapshot.', 's', [
      ['retained', `min(time() - (revocast_redis_log_oldest_timestamp_seconds{${pods}} > 0))`],
      ['longest absence', `max(revocast:feed_lag_seconds{${space}})`],
    ]),
  ],
  Sidecars: [
    graph('Ready', 'While 1, the readiness probe says yes.', 'none', [
      ['{{instance}}', `revocast_sidecar_ready{${pods}}`],
    ]),
    graph('Followers', 'Processes that follow each sidecar.', 'none', [
      ['{{instance}}', `revocast_sidecar_clients{${pods}}`],
    ]),
    graph('Changes not yet applied', 'By the slowest follower, as far as it has reported.', 'none', [
      ['{{instance}}', `revocast_sidecar_client_lag_rules{${pods}}`],
    ]),
    graph('Requests to sidecars', 'By route and status.', 'reqps', [
      ['{{route}} {{code}}', `sum by (route, code) (${rate('revocast_sidecar_http_requests_total')})`],
    ]),
    graph('Latency in sidecars', 'A step ahead of the processes behind them.', 's', [
      ['p99', quantile(0.99, 'revocast_revocation_latency_seconds', { of: sidecar })],
    ]),
    graph('Versions', 'Processes by what they run.', 'none', [
      [
        '{{component}} {{version}}, Node {{node}}',
        `count by (component, version, node) (revocast_build_info{${pods}})`,
      ],
    ]),
  ],
};

function stat(title, description, unit, queries, { names = false } = {}) {
  const options = { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', textMode: names ? 'name' : 'auto' };
  return { type: 'stat', title, description, unit, queries, width: 6, height: 4, options, custom: {} };
}

function graph(title, description, unit, queries, { stacked = false, width = 8 } = {}) {
  const options = { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } };
  const custom = { fillOpacity: stacked ? 40 : 5, ...(stacked && { stacking: { mode: 'normal' } }) };
  return { type: 'timeseries', title, description, unit, queries, width, height: 8, options, custom };
}

function heatmap(title, description, unit, expression) {
  const options = { calculate: false, yAxis: { unit, scale: 'log' }, color: { scheme: 'Oranges' } };
  return {
    type: 'heatmap',
    title,
    description,
    unit,
    queries: [['{{le}}', expression]],
    width: 8,
    height: 8,
    options,
    custom: {},
  };
}

const datasource = { type: 'prometheus', uid: '$datasource' };

function variable(name, metric) {
  const query = `label_values(${metric}, ${name})`;
  // Also matches series without the label: some scrapes attach no namespace and pod.
  return { name, type: 'query', datasource, query, refresh: 2, multi: true, includeAll: true, allValue: '.*', sort: 1 };
}

function dashboardOf(rows) {
  let id = 0;
  let y = 0;
  const panels = Object.entries(rows).flatMap(([title, members]) => {
    const row = { id: ++id, type: 'row', title, collapsed: false, gridPos: { x: 0, y, w: 24, h: 1 }, panels: [] };
    y += 1;
    let x = 0;
    let lineHeight = 0;
    const placed = members.map(({ type, title, description, unit, queries, width, height, options, custom }) => {
      if (x + width > 24) {
        x = 0;
        y += lineHeight;
        lineHeight = 0;
      }
      const gridPos = { x, y, w: width, h: height };
      x += width;
      lineHeight = Math.max(lineHeight, height);
      const targets = queries.map(([legendFormat, expr], index) => {
        const refId = String.fromCharCode(65 + index);
        return { refId, datasource, expr, legendFormat, ...(type === 'heatmap' && { format: 'heatmap' }) };
      });
      const fieldConfig = { defaults: { unit, custom }, overrides: [] };
      return { id: ++id, type, title, description, datasource, gridPos, fieldConfig, options, targets };
    });
    y += lineHeight;
    return [row, ...placed];
  });
  return {
    uid: 'revocast',
    title: 'Revocast',
    description: 'Whether revocation works, how long it takes, and why requests are refused.',
    tags: ['revocast'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    time: { from: 'now-1h', to: 'now' },
    refresh: '30s',
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus', refresh: 1 },
        variable('namespace', 'revocast_build_info'),
        variable('pod', 'revocast_build_info'),
        variable('issuer', 'revocast_verifications_total'),
      ],
    },
    annotations: {
      list: [
        {
          name: 'Alerts',
          datasource,
          enable: true,
          iconColor: 'red',
          expr: 'ALERTS{alertstate="firing",namespace=~"$namespace"}',
          titleFormat: '{{alertname}}',
        },
      ],
    },
    panels,
  };
}

const text = `${JSON.stringify(dashboardOf(rows), null, 2)}\n`;
if (process.argv.includes('--print')) {
  process.stdout.write(text);
} else {
  const path = join(root, 'ops/grafana/revocast.json');
  writeFileSync(path, text);
  runNode(binOf('@biomejs/biome', 'biome'), ['format', '--write', path]);
}
