import { percentilesOf } from '@revocast/denylist/replica';
import type { ConsoleView } from '../console-view.ts';
import { html, type Markup } from '../html.ts';
import { formatCount, formatDuration } from './format.ts';
import { renderLatencyPlot } from './latency-plot.ts';

export function renderLatency({ revocations, heartbeats }: ConsoleView): Markup {
  const latencies = revocations.flatMap(({ latencyMs }) => (latencyMs === undefined ? [] : [latencyMs]));
  const propagations = revocations.flatMap(({ kind, propagationMs }) => (kind === 'revoke' ? [propagationMs] : []));
  return html`${latencies.length === 0 ? html`<p>No live revocation since this sidecar started.</p>` : renderLatencyPlot(latencies)}
<table>
<thead><tr><th scope="col">Measured from</th><th scope="col">p50</th><th scope="col">p90</th><th scope="col">p99</th><th scope="col">Longest</th><th scope="col">Count</th></tr></thead>
<tbody>
${row('Request', latencies)}
${row('Log', propagations)}
${row('Heartbeat', heartbeats)}
</tbody>
</table>
<p class="note">Until this sidecar has applied the rule. Each API process measures its own latency: <code>revocast_revocation_latency_seconds</code>.</p>`;
}

function row(name: string, values: readonly number[]): Markup {
  const figures = percentilesOf(values);
  const cell = (label: string, value: string) => html`<td data-label="${label}">${value}</td>`;
  const time = (label: string, ms: number | undefined) => cell(label, ms === undefined ? '–' : formatDuration(ms));
  return html`<tr><th scope="row" data-label="Measured from">${name}</th>${[
    time('p50', figures?.p50),
    time('p90', figures?.p90),
    time('p99', figures?.p99),
    time('Longest', figures?.max),
    cell('Count', formatCount(values.length)),
  ]}</tr>`;
}
