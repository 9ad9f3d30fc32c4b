import type { ConsoleView } from '../console-view.ts';
import { html, type Markup } from '../html.ts';
import type { ReplicaLag } from '../replica-lags.ts';
import { formatCount, formatDuration } from './format.ts';

/** Rows of the table. The sum above it counts all replicas. */
const maxRows = 50;

export function renderReplicas({ replicas, streams }: ConsoleView): Markup {
  const count = (kind: ReplicaLag['lag']['kind']) => replicas.filter(({ lag }) => lag.kind === kind).length;
  const connections = `${streams} open ${streams === 1 ? 'stream' : 'streams'}.`;
  if (replicas.length === 0) return html`<p>No replica reports to this sidecar. ${connections}</p>`;
  const sum = `${formatCount(replicas.length)} in total: ${count('current')} up to date, ${count('behind')} behind, ${count('unknown')} unknown. ${connections}`;
  return html`<p>${sum}</p>
<table>
<thead><tr><th scope="col">Replica</th><th scope="col">Behind by</th><th scope="col">Last report</th><th scope="col">While revocation is unknown</th></tr></thead>
<tbody>${replicas.slice(0, maxRows).map(row)}</tbody>
</table>
${replicas.length > maxRows ? html`<p class="note">Only the ${maxRows} with the largest lag are shown.</p>` : undefined}`;
}

function row({ id, label, lag, failOpen, maxStalenessMs, silentMs }: ReplicaLag): Markup {
  const policy = failOpen ? 'accepts' : 'answers 503';
  return html`<tr><th scope="row" data-label="Replica"><code>${label || id}</code></th>
<td data-label="Behind by">${describeLag(lag)}</td>
<td data-label="Last report">${describeSilence(silentMs)}</td>
<td data-label="While revocation is unknown">${policy}, after ${formatDuration(maxStalenessMs)}</td></tr>`;
}

/** A process reports at least once a second; this long without a report it receives no proofs. */
const silentAfterMs = 2500;

function describeSilence(silentMs: number | undefined): Markup {
  if (silentMs === undefined) return html`<span class="bad">none</span>`;
  // Rounded to seconds: the page is sent again whenever a part changes.
  if (silentMs <= silentAfterMs) return html`<span class="good">less than 3 s ago</span>`;
  return html`<span class="bad">silent for ${formatDuration(Math.round(silentMs / 1000) * 1000)}</span>`;
}

function describeLag(lag: ReplicaLag['lag']): Markup {
  if (lag.kind === 'current') return html`<span class="good">nothing</span>`;
  if (lag.kind === 'unknown') return html`<span class="bad">unknown: not synchronised yet, or far behind</span>`;
  const changes = lag.changes === 1 ? '1 entry' : `${formatCount(lag.changes)} entries`;
  return html`<span class="bad">${changes}, ${formatDuration(lag.ms)}</span>`;
}
