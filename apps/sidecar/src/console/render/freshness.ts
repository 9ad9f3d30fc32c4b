import { fixForFeedError } from '@revocast/denylist/replica';
import type { ConsoleView } from '../console-view.ts';
import { type HtmlValue, html, type Markup } from '../html.ts';
import { formatClock, formatCount, formatDuration, formatTime } from './format.ts';

/** One sentence. Screen readers read each change aloud, so it contains no number that changes with time. */
export function describeState({ status, readiness }: ConsoleView): string {
  const { state, cause } = status.freshness;
  if (readiness.check === 'stopping') return 'Stopping: this sidecar was asked to stop.';
  const remedy = readiness.remedy === undefined ? '' : ` To do: ${readiness.remedy}.`;
  if (state === 'fresh' && !readiness.ok)
    return `Fresh, and not ready (${readiness.cause ?? readiness.check}).${remedy}`;
  if (state === 'fresh') return 'Fresh: what is not on the list is not revoked.';
  const name = state === 'cold' ? 'Cold' : 'Stale';
  return `${name} (${cause ?? 'no cause known'}): "not on the list" proves nothing now; tokens that a rule covers are still rejected.${remedy}`;
}

export function renderFreshness({ status, misconfigurations, maxStalenessMs, nowMs }: ConsoleView): Markup {
  const { freshness, rules, maxRules, watermarkMs, clockOffsetMs = 0, lastError, maxTokenLifetimeSeconds } = status;
  const { proofAgeMs, cause, sinceMs, state } = freshness;
  const { restartedAtSeconds } = status;
  const share = ((rules / maxRules) * 100).toFixed(1);
  return html`<dl class="facts">
${fact('State', cause === undefined ? state : `${state}, because ${cause}`, `since ${formatTime(sinceMs)}`)}
${fact('Age of the proof', proofAgeMs === undefined ? 'none yet' : formatDuration(proofAgeMs), `fresh up to ${formatDuration(maxStalenessMs)}`)}
${fact('Watermark', watermarkMs === undefined ? 'none yet' : formatClock(watermarkMs), watermarkMs === undefined ? '' : `complete up to then; ${formatDuration(Math.max(0, nowMs + clockOffsetMs - watermarkMs))} ago`)}
${fact('Rules held', formatCount(rules), `${share} % of the cap of ${formatCount(maxRules)}`)}
${fact('Clock offset', status.clockOffsetMs === undefined ? 'not known yet' : signed(status.clockOffsetMs), 'log minus this host')}
${fact('Last error', lastError ?? 'none', lastError === undefined ? 'connected to the source' : (fixForFeedError(lastError) ?? 'Read the log of this sidecar.'))}
${fact('Source', status.feed, status.epoch === undefined ? '' : `history ${status.epoch}`)}
${fact('Longest token lifetime', maxTokenLifetimeSeconds === undefined ? 'not known yet' : formatDuration(maxTokenLifetimeSeconds * 1000), 'longer ones are rejected')}
</dl>
${
  restartedAtSeconds === undefined
    ? ''
    : html`<p><span class="warn">log restarted</span>: at ${formatTime(restartedAtSeconds * 1000)}, and what was revoked before may be forgotten. <span class="note">If nothing was lost: revocast-sidecar init.</span></p>`
}
${misconfigurations.map(
  ({ name, severity, found, remedy }) =>
    html`<p><span class="${severity === 'unsafe' ? 'bad' : 'warn'}">${name}</span>: ${found}. <span class="note">${remedy}</span></p>`,
)}`;
}

function fact(name: string, value: HtmlValue, note: HtmlValue): Markup {
  return html`<div><dt>${name}</dt><dd><span class="value">${value}</span> <span class="note">${note}</span></dd></div>`;
}

function signed(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${formatDuration(Math.abs(ms))}`;
}
