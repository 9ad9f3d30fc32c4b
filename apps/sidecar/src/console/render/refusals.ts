import type { ConsoleView } from '../console-view.ts';
import { html, type Markup } from '../html.ts';
import { formatCount } from './format.ts';

/** What this sidecar can say of 401 answers, which is little: it sees rules, the API processes see requests. */
export function renderRefusals({ countByReason }: ConsoleView): Markup {
  const counts = [...countByReason].sort(([, one], [, other]) => other - one);
  const list = counts.map(([reason, count]) => html`<li>${reason}: ${formatCount(count)}</li>`);
  return html`<p>Revocations applied here since this sidecar started, by reason${counts.length === 0 ? ': none.' : ':'}</p>
${counts.length === 0 ? undefined : html`<ul class="counts">${list}</ul>`}`;
}
