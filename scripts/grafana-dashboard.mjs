// Writes ops/grafana/revocast.json from the table below: a dashboard in the classic JSON format of Grafana.
// Usage: node scripts/grafana-dashboard.mjs [--print]
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binOf, root, runNode } from './run.mjs';

const middleware = 'and on (job, instance) revocast_build_info{component="middleware"}';
const sidecar = 'and on (job, instance) revocast_build_info{component="sidecar"}';
const pods = 'namespace=~"$namespace",pod=~"$pod"';
/** For metrics of the issuer, which runs in other pods. */
const space = 'namespace=~"$namespace"';

const rate = (metric, labels = pods) => `rate(${metric}{${labels}}[$__rate_interval])`;
const quantile = (q, metric, { by = 'le', labels = pods, of = middleware } = {}) =>
  `histogram_quantile(${q}, sum by (${by}) (${rate(`${metric}_bucket`, labels)} ${of}))`;

/** The panels of each row: title, description, unit, queries as [legend, expression], options. */
const rows = {
  'Is revocation working': [
    stat('Not fresh now', 'Processes for which it is unknown whether a token is revoked.', 'none', [
      ['{{state}}', `sum by (state) (revocast_feed_state{${pods},state!="fresh"})`],
    ]),
    stat('Leaked requests', 'Accepted later than the bound by a process that was fresh. Must be 0.', 'none', [
      ['leaked', `sum(increase(revocast_revocation_leaked_requests_total{${pods}}[$__range]))`],
    ]),
    stat(
      'Accepted while unknown',
      "Accepted although the revocation state was unknown: whenUnknown: 'accept'.",
      'none',
      [['accepted', `sum(increase(revocast_fail_open_accepts_total{${pods}}[$__range]))`]],
    ),
    stat('Burn rate of the last hour', 'At a burn rate of 1 the error budget of a month lasts a month.', 'none', [
      ['burn rate', `max(revocast:slo_errors:ratio_rate1h{${space}}) / 0.001`],
    ]),
    graph('Revocation latency', 'From the revocation to its enforcement, in processes that answer requests.', 's', [
      ['p50', quantile(0.5, 'revocast_revocation_latency_seconds')],
      ['p99', quantile(0.99, 'revocast_revocation_latency_seconds')],
      ['p99 of heartbeats', quantile(0.99, 'revocast_canary_latency_seconds')],
    ]),
    graph('Lag behind the log', 'How long ago each denylist was last known to be complete.', 's', [
      ['{{pod}} {{instance}}', `time() - (revocast_denylist_watermark_timestamp_seconds{${pods}} > 0)`],
    ]),
    graph(
      'Exposed and leaked requests',
      'Exposed: accepted before the revocation was enforced, which is normal.',
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
    graph('Revocations', 'Applied revocations by dimension, in the process with the most.', 'ops', [
      ['{{dimension}}', `max by (dimension) (${rate('revocast_revocation_events_total', `${pods},result="applied"`)})`],
    ]),
  ],
  Streams: [
    graph('Watched streams', 'Open WebSockets, SSE and long responses that end with their token.', 'none', [
      ['{{pod}} {{instance}}', `revocast_watched_streams{${pods}}`],
    ]),
    graph(
      'Ended streams',
      'Ended before their application closed them. denylist_unavailable is a fault of this side.',
      'ops',
      [['{{reason}}', `sum by (reason) (${rate('revocast_streams_ended_total')})`]],
    ),
    graph('Time to the end of a stream', 'From the log to the end, for streams that a revocation ended.', 's', [
      ['p50', quantile(0.5, 'revocast_stream_end_seconds')],
      ['p99', quantile(0.99, 'revocast_stream_end_seconds')],
    ]),
  ],
  '401 causes': [
    graph(
      'Refused requests by reason',
      'A 401 is a fault of the token, never an outage. The runbook of Unauthorized401Spike lists who fixes each reason.',
      'reqps',
      [
        [
          '{{reason}}',
          `sum by (reason) (${rate('revocast_verifications_total', `${pods},issuer=~"$issuer",outcome="rejected"`)})`,
        ],
      ],
      { stacked: true, width: 16 },
    ),
    graph('Unavailable by reason', 'Answered 503 or 500: a fault of this side, never of the token.', 'reqps', [
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
    graph('Refused by guards', 'A verified token without the permission: requireScope and other guards.', 'reqps', [
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
    graph('p99 by stage', 'publish: to the log. deliver: to this host. apply: inside this host.', 's', [
      ['{{stage}}', quantile(0.99, 'revocast_revocation_stage_seconds', { by: 'stage, le' })],
    ]),
    heatmap(
      'Latency of every revocation',
      'For comparison: 10 s with polling, 300 to 600 s with caches, 3600 s with tokens of an hour.',
      's',
      `sum by (le) (increase(revocast_revocation_latency_seconds_bucket{${pods}}[$__rate_interval]) ${middleware})`,
    ),
    graph('Clocks', 'Clock of the log minus that of the machine. Corrected latencies below 0 count as 0.', 's', [
      ['offset, {{instance}}', `revocast_clock_offset_seconds{${pods}}`],
      ['clamped a second', `sum(${rate('revocast_negative_latencies_total')})`],
      ['forgetting paused, {{instance}}', `revocast_forgetting_paused_seconds{${pods}}`],
    ]),
    graph('Gaps and snapshots', 'Gaps in the history of the log, and the snapshots and reseeds after them.', 'none', [
      ['gap: {{cause}}', `sum by (cause) (increase(revocast_log_gaps_total{${pods}}[$__rate_interval]))`],
      ['snapshot: {{cause}}', `sum by (cause) (increase(revocast_resyncs_total{${pods}}[$__rate_interval]))`],
      ['other epoch', `sum(increase(revocast_log_epoch_changes_total{${pods}}[$__rate_interval]))`],
      ['other log', `sum(increase(revocast_log_identity_changes_total{${pods}}[$__rate_interval]))`],
      ['different logs', `count(count by (identity) (revocast_log_info{${pods}}))`],
      ['restored backup', `sum(increase(revocast_log_losses_total{${pods}}[$__rate_interval]))`],
      ['rules written back', `sum(increase(revocast_reseeded_rules_total{${pods}}[$__rate_interval]))`],
    ]),
  ],
  'Token lifecycle': [
    graph('Issued', 'By the authorization server, by grant type and result.', 'reqps', [
      ['{{grant_type}}, {{result}}', `sum by (grant_type, result) (${rate('oauth2_token_issued_total', space)})`],
    ]),
    graph('Refreshes, and reused refresh tokens', 'A second use of a refresh token is almost always theft.', 'reqps', [
      ['refreshed, {{result}}', `sum by (result) (${rate('oauth2_token_refreshed_total', space)})`],
      ['reuse', `sum(${rate('oauth2_refresh_token_reuse_total', space)})`],
    ]),
    graph('Age at refresh', 'Median age of the access tokens that are refreshed.', 's', [
      ['p50', `oauth2:token_age_at_refresh_seconds:p50_1h{${space}}`],
    ]),
    graph('Used', 'Accepted and refused requests of the APIs, by client class.', 'reqps', [
      [
        '{{client_class}}, {{result}}',
        `sum by (client_class, result) (${rate('oauth2_token_validated_total', space)})`,
      ],
    ]),
    graph('Revoked', 'Logged revocations by dimension and reason.', 'ops', [
      ['{{dimension}}, {{reason}}', `sum by (dimension, reason) (${rate('revocast_revocations_total', space)}) > 0`],
    ]),
    graph('Pending revocations', 'Noted by the authorization server, and not in the log yet.', 'none', [
      ['pending', `max(revocast_outbox_pending{${space}})`],
      ['not noted, {{code}}', `sum by (code) (${rate('revocast_outbox_store_failures_total', space)}) > 0`],
    ]),
    graph('Age of the oldest pending revocation', 'Its token is accepted for as long.', 's', [
      ['oldest', `max(revocast_outbox_oldest_seconds{${space}})`],
    ]),
    graph('Settled revocations', 'By outcome; and attempts that failed, by the code of the error.', 'ops', [
      ['{{outcome}}', `sum by (outcome) (${rate('revocast_outbox_settled_total', space)})`],
      ['failed, {{code}}', `sum by (code) (${rate('revocast_outbox_attempt_failures_total', space)}) > 0`],
    ]),
    graph(
      'Refresh tokens, by outcome',
      'Shown to the families of @revocast/issuer; shadowed: spent twice, three times in a row.',
      'ops',
      [
        ['{{outcome}}', `sum by (outcome) (${rate('revocast_refresh_outcomes_total', space)}) > 0`],
        ['shadowed', `sum(${rate('revocast_refresh_shadowed_total', space)})`],
      ],
    ),
    graph('Rows of the store', 'Refresh families and revocations, and rows ended or deleted in an hour.', 'none', [
      ['{{table}} {{state}}', `max by (table, state) (revocast_store_rows{${space}})`],
      ['{{kind}}', `sum by (kind) (increase(revocast_collected_total{${space}}[1h]))`],
    ]),
    graph('Since the last clean-up', 'Of refresh families, in any process.', 's', [
      ['since', `time() - max(revocast_collector_last_success_timestamp_seconds{${space}})`],
    ]),
    graph(
      'Loops and storms',
      'Refreshes within 5 s of the last, clients with over 60 answers a minute, and tokens with an iat ahead of the clock.',
      'reqps',
      [
        ['early refreshes', `sum(${rate('revocast_refresh_early_total', space)})`],
        ['iat ahead of the clock', `sum(${rate('revocast_stamped_ahead_total', space)})`],
        ['storms, {{client_class}}', `sum by (client_class) (${rate('oauth2_token_storms_total', space)})`],
      ],
    ),
    graph('Active', 'Active tokens in the records of the authorization server.', 'none', [
      ['active', `sum(max by (namespace, client_class) (oauth2_token_active{source!="client_credentials", ${space}}))`],
      ['client credentials', `sum(oauth2_token_active{source="client_credentials", ${space}})`],
    ]),
  ],
  Usage: [
    stat('Active subjects', 'Different subjects of this UTC day and month, over all processes that report.', 'none', [
      ['{{period}}', `max by (period) (revocast:active_subjects{${space}})`],
    ]),
    stat('Suspicious uses', 'One session or token in two places that are too far apart for the time between.', 'none', [
      ['suspicious', `sum(increase(revocast_suspicious_uses_total{${pods}}[$__range]))`],
    ]),
    stat(
      'Unused scopes',
      'Granted within a week and required by no guard: a candidate for removal.',
      'none',
      [['{{scope}}', `count by (scope) (revocast:scopes_unused{${space}})`]],
      { names: true },
    ),
    stat(
      'Zombie tokens yesterday',
      'Issued and never used, by client class; computed at the end of each UTC day.',
      'none',
      [['{{client_class}}', `sum by (client_class) (last_over_time(revocast:tokens_zombie:day{${space}}[1d]))`]],
    ),
    graph('Requests by client class', 'The classes of your configuration; other: clients without a class.', 'reqps', [
      ['{{client_class}}', `sum by (client_class) (${rate('revocast_usage_requests_total')})`],
    ]),
    graph('Scopes, granted and used', 'Granted: the token has the scope. Used: a guard required it.', 'reqps', [
      ['{{scope}}, {{use}}', `sum by (scope, use) (${rate('revocast_usage_scope_requests_total')})`],
    ]),
    graph('Tokens seen and issued', 'Seen since midnight UTC; issued in the last 24 hours.', 'none', [
      ['seen, {{client_class}}', `sum by (client_class) (revocast:tokens_seen_today{${space}})`],
      [
        'issued, {{client_class}}',
        `sum by (client_class) (increase(oauth2_token_issued_total{${space},result="success"}[1d]))`,
      ],
    ]),
    graph('Age of tokens at use', 'Time since the issue of the token, for accepted requests.', 's', [
      ['p50', quantile(0.5, 'revocast_token_age_at_use_seconds')],
      ['p99', quantile(0.99, 'revocast_token_age_at_use_seconds')],
    ]),
    graph('Reports and hooks', 'Other results than sent make the figures above too low. No request waits.', 'none', [
      ['report {{result}}', `sum by (result) (increase(revocast_usage_reports_total{${pods}}[$__rate_interval]))`],
      ['did not fit', `sum(increase(revocast_usage_overflow_total{${pods}}[$__rate_interval]))`],
      [
        'failed {{hook}}',
        `sum by (hook) (increase(revocast_usage_hook_failures_total{${pods}}[$__rate_interval])) > 0`,
      ],
    ]),
  ],
  Keys: [
    graph(
      'Key look-ups without a key',
      'unknown_kid: 401. unknown_kid_throttled: 429. jwks_unavailable: 503.',
      'reqps',
      [
        [
          '{{issuer}}, {{result}}',
          `sum by (issuer, result) (${rate('revocast_jwks_key_lookups_total', `${pods},issuer=~"$issuer",result!="found"`)})`,
        ],
      ],
    ),
    graph('Refreshes of key sets', 'Every result except loaded and not_modified is a failure.', 'none', [
      [
        '{{issuer}}, {{result}}',
        `sum by (issuer, result) (increase(revocast_jwks_fetches_total{${pods},issuer=~"$issuer"}[$__rate_interval]))`,
      ],
    ]),
    graph('Age of key sets', 'Time since the last successful refresh. Keys are used for an hour after it.', 's', [
      [
        '{{issuer}}',
        `max by (issuer) (time() - (revocast_jwks_last_success_timestamp_seconds{${pods},issuer=~"$issuer"} > 0))`,
      ],
    ]),
    graph('Usable keys', 'Examine a change that is not a rotation.', 'none', [
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
    graph('Rules held', 'Should be equal in all processes. At the limit a process is not fresh.', 'none', [
      ['{{instance}}', `revocast_denylist_rules{${pods}}`],
      ['limit', `min(revocast_denylist_limit_rules{${pods}})`],
    ]),
    graph('Memory of Redis', 'With noeviction, a full Redis refuses revocations.', 'bytes', [
      ['used', `max(revocast_redis_memory_used_bytes{${pods}})`],
      ['limit', `max(revocast_redis_memory_limit_bytes{${pods}} > 0)`],
    ]),
    stat(
      'Evicted keys',
      'Must be 0 unless the policy is volatile-…: the token of an evicted revocation is accepted.',
      'none',
      [['evicted', `max(revocast_redis_evicted_keys{${pods}})`]],
    ),
    stat(
      'Eviction policy',
      'noeviction is best; allkeys-… evicts revocations.',
      'none',
      [['{{policy}}', `max by (policy) (revocast_redis_eviction_policy_info{${pods}})`]],
      { names: true },
    ),
    graph('Entries in the log', 'Heartbeats and the revocations of the retained time.', 'none', [
      ['entries', `max(revocast_redis_log_entries{${pods}})`],
    ]),
    graph('Retention of the log', 'A reader that is disconnected for longer takes a snapshot.', 's', [
      ['retained', `min(time() - (revocast_redis_log_oldest_timestamp_seconds{${pods}} > 0))`],
      ['longest absence', `max(revocast:feed_lag_seconds{${space}})`],
    ]),
  ],
  Sidecars: [
    graph('Ready', 'While 1, the readiness probe answers 200.', 'none', [
      ['{{instance}}', `revocast_sidecar_ready{${pods}}`],
    ]),
    graph('Followers', 'Processes that follow each sidecar.', 'none', [
      ['{{instance}}', `revocast_sidecar_clients{${pods}}`],
    ]),
    graph('Changes not yet applied', 'Of the slowest follower, by its last report.', 'none', [
      ['{{instance}}', `revocast_sidecar_client_lag_rules{${pods}}`],
    ]),
    graph('Requests to sidecars', 'By route and status.', 'reqps', [
      ['{{route}} {{code}}', `sum by (route, code) (${rate('revocast_sidecar_http_requests_total')})`],
    ]),
    graph('Latency in sidecars', 'Lower than in the processes behind them.', 's', [
      ['p99', quantile(0.99, 'revocast_revocation_latency_seconds', { of: sidecar })],
    ]),
    graph('Versions', 'Number of processes by component and version.', 'none', [
      [
        '{{component}} {{version}}, Node {{node}}',
        `count by (component, version, node) (revocast_build_info{${pods}})`,
      ],
    ]),
  ],
  Signals: [
    graph('Events of identity providers', 'By source and result. Only logged ones have revoked something.', 'ops', [
      ['{{source}}, {{result}}', `sum by (source, result) (${rate('revocast_signals_total', space)})`],
    ]),
    graph('Delay of events', 'From the event, by the clock of its sender, to its receipt, p99.', 's', [
      ['{{source}}', quantile(0.99, 'revocast_signal_delay_seconds', { by: 'source, le', labels: space, of: '' })],
    ]),
    graph('Refused messages', 'Messages with a fault, and those that were not verified, by reason.', 'ops', [
      ['{{source}}, {{reason}}', `sum by (source, reason) (${rate('revocast_signal_refusals_total', space)} > 0)`],
      [
        '{{source}}, unverified: {{why}}',
        `sum by (source, why) (${rate('revocast_signals_unverified_total', space)} > 0)`,
      ],
    ]),
    graph(
      'Lost, late or widened',
      'Lost messages, events that need a person, and revocations wider than their event.',
      'none',
      [
        ['lost, {{source}}', `sum by (source) (increase(revocast_signals_lost_total{${space}}[$__rate_interval]))`],
        [
          '{{why}}, {{source}}',
          `sum by (source, why) (increase(revocast_signals_attention_total{${space}}[$__rate_interval]))`,
        ],
        [
          'widened, {{source}}',
          `sum by (source) (increase(revocast_signals_widened_total{${space}}[$__rate_interval]))`,
        ],
      ],
    ),
    graph(
      'Waiting on the disk',
      'Verified messages that wait for the log, and logout tokens that wait for keys.',
      'none',
      [
        ['spool', `sum(revocast_spool_messages{${space}})`],
        ['quarantine', `sum(revocast_quarantine_messages{${space}})`],
        ['oldest, s', `max(revocast_spool_oldest_seconds{${space}})`],
      ],
    ),
    graph('Streams', 'Time since the last verification event of each managed stream.', 's', [
      ['{{source}}', `time() - max by (source) (revocast_stream_verified_timestamp_seconds{${space}} > 0)`],
    ]),
    graph('State of streams', 'As the transmitters report it; only enabled streams deliver.', 'none', [
      ['{{source}} {{state}}', `max by (source, state) (revocast_stream_state{${space}} == 1)`],
      ['backlog, {{source}}', `max by (source) (revocast_stream_backlog{${space}})`],
      ['needs subjects, {{source}}', `max by (source) (revocast_stream_needs_subjects{${space}})`],
      ['ready, {{instance}}', `revocast_receiver_ready{${space}}`],
      ['log reachable, {{instance}}', `revocast_receiver_log_reachable{${space}}`],
      ['keys usable, {{source}}', `min by (source) (revocast_receiver_keys_usable{${space}})`],
    ]),
    graph('Requests to transmitters', 'Requests for events, streams and verification, by result.', 'reqps', [
      ['{{source}}, {{result}}', `sum by (source, result) (${rate('revocast_stream_requests_total', space)})`],
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
  // `.*` also matches series without the label, because some scrape configurations add no namespace and pod.
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
    description: 'State and latency of revocation, and reasons for refused requests.',
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
  // Its copy for Kubernetes.
  runNode(join(root, 'scripts', 'kubernetes-monitors.mjs'));
}
