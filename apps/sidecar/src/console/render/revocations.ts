import type { ConsoleView } from '../console-view.ts';
import { html, type Markup } from '../html.ts';
import type { AppliedRevocation } from '../revocation-history.ts';
import { formatClock, formatDuration, formatTime } from './format.ts';

const maxRows = 25;

export function renderRevocations({ revocations }: ConsoleView): Markup {
  if (revocations.length === 0) return html`<p>None since this sidecar started.</p>`;
  return html`<table>
<thead><tr><th scope="col">Logged (UTC)</th><th scope="col">Dimension</th><th scope="col">Reason</th><th scope="col">By</th><th scope="col">Digest</th><th scope="col">Latency</th></tr></thead>
<tbody>${revocations.slice(-maxRows).reverse().map(row)}</tbody>
</table>`;
}

function row(applied: AppliedRevocation): Markup {
  const { kind, dimension = 'not given', reason, actor, digest, loggedAtMs, latencyMs } = applied;
  const date = formatTime(loggedAtMs).slice(0, 10);
  const why = kind === 'lift' ? 'lifted' : (reason ?? 'not given');
  return html`<tr><th scope="row" data-label="Logged (UTC)"><time datetime="${date}T${formatClock(loggedAtMs)}Z">${date} ${formatClock(loggedAtMs)}</time></th>
<td data-label="Dimension">${dimension}</td>
<td data-label="Reason">${why}</td>
<td data-label="By">${actor ?? 'not given'}</td>
<td data-label="Digest"><code>${digest.slice(0, 8)}…</code></td>
<td data-label="Latency">${latencyMs === undefined ? '–' : formatDuration(latencyMs)}</td></tr>`;
}
