import { percentilesOf } from '@revocast/denylist/replica';
import type { ConsoleView } from '../console-view.ts';
import { html, type Markup } from '../html.ts';
import { formatCount, formatDuration } from './format.ts';
import { renderLatencyPlot } from './latency-plot.ts';

export function renderLatency({ revocations, heartbeats }: ConsoleView): Markup {
  const latencies = revocations.flatMap(({ latencyMs }) => (latencyMs === undefined ? [] : [latencyMs]));
  const propagations = revocations.flatMap(({ kind, propagationMs }) => (kind === 'revoke' ? [propagationMs] : []));
  return html`${latencies.length === 0 ? html`<p>No revocation has come through since this sidecar started.</p>` : renderLatencyPlot(latencies)}
<table>
<thead><tr><th scope="col">From, to here</th><th scope="col">p50</th><th scope="col">p90</th><th scope="col">p99</th><th scope="col">Longest</th><th scope="col">Out of</th></tr></thead>
<tbody>
${row('Asked for', latencies)}
${row('In the log', propagations)}
${row('Heartbeat in the log', heartbeats)}
</tbody>
</table>
<p class="note">Until applied in this sidecar. The way on to an API process is measured there: <code>revocast_revocation_latency_seconds</code>.</p>`;
}

function row(name: string, values: readonly number[]): Markup {
  const figures = percentilesOf(values);
  const cell = (label: string, value: string) => html`<td data-label="${label}">${value}</td>`;
  const time = (label: string, ms: number | undefined) => cell(label, ms === undefined ? '–' : formatDuration(ms));
  return html`<tr><th scope="row" data-label="From, to here">${name}</th>${[
    time('p50', figures?.p50),
    time('p90', figures?.p90),
    time('p99', figures?.p99),
    time('Longest', figures?.max),
    cell('Out of', formatCount(values.length)),
  ]}</tr>`;
}
