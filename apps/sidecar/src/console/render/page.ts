import type { ConsoleView } from '../console-view.ts';
import { html, type Markup } from '../html.ts';
import { formatClock, formatCount } from './format.ts';
import { describeState, renderFreshness } from './freshness.ts';
import { renderLatency } from './latency.ts';
import { renderReplicas } from './replicas.ts';
import { renderRevocations } from './revocations.ts';

/** Revocations by reason. A sidecar sees no requests, so it cannot count 401 answers. */
function renderRefusals({ countByReason }: ConsoleView): Markup {
  const counts = [...countByReason].sort(([, one], [, other]) => other - one);
  const list = counts.map(([reason, count]) => html`<li>${reason}: ${formatCount(count)}</li>`);
  return html`<p>Revocations applied here since this sidecar started, by reason${counts.length === 0 ? ': none.' : ':'}</p>
${counts.length === 0 ? undefined : html`<ul class="counts">${list}</ul>`}`;
}

/** The parts of the page that are updated while it is open, by name. */
export const liveParts = {
  freshness: renderFreshness,
  replicas: renderReplicas,
  latency: renderLatency,
  revocations: renderRevocations,
  refusals: renderRefusals,
} as const satisfies Readonly<Record<string, (view: ConsoleView) => Markup>>;

/** The whole page. It is readable without its script. */
export function renderPage(view: ConsoleView): string {
  const { state } = view.status.freshness;
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${state} · Revocast sidecar</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/console/page.css">
<script type="module" src="/console/page.js"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<h1>Revocast sidecar</h1>
<p id="state" class="state" data-state="${state}" role="status">${describeState(view)}</p>
<p class="updates"><span id="updated">As of <time>${formatClock(view.nowMs).slice(0, 8)}</time> UTC</span>
<button id="pause" type="button" aria-pressed="false" hidden>Pause updates</button></p>
<noscript><p class="note">Without scripts this page does not update (reload it) and cannot explain a token.</p></noscript>
</header>
<main id="main" tabindex="-1">
${section('freshness', 'Freshness and lag', live('freshness', view))}
${section('latency', 'Revocation latency', live('latency', view))}
${section('replicas', 'Replicas behind this sidecar', live('replicas', view))}
${section('refusals', '401 causes', html`${notKnownHere}${live('refusals', view)}`)}
${section('explain', 'Why was this token refused?', tokenForm, 'wide')}
${section('revocations', 'Last revocations', live('revocations', view), 'wide')}
</main>
<footer><p>Revocast sidecar ${view.version} · read-only · what the numbers mean: <code>docs/console.md</code></p></footer>
</body>
</html>
`.toString();
}

function section(id: string, title: string, content: Markup, width = 'half'): Markup {
  return html`<section class="${width}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
${content}</section>`;
}

function live(part: keyof typeof liveParts, view: ConsoleView): Markup {
  return html`<div data-live="${part}">${liveParts[part](view)}</div>`;
}

/** The fields have no names: if a browser submits the form anyway, the request contains no token. */
const tokenForm = html`<p id="token-note">The token is decoded in this page and stays in it: the sidecar receives SHA-256 digests only.</p>
<form id="token-form" autocomplete="off">
<label for="token">Access token</label>
<textarea id="token" rows="4" autocomplete="off" autocapitalize="off" autocorrect="off" spellcheck="false" writingsuggestions="false" aria-describedby="token-note" disabled></textarea>
<p class="buttons"><button id="explain" type="submit" disabled>Explain</button> <button id="clear" type="button" disabled>Clear</button></p>
</form>
<div id="explanation" aria-live="polite"></div>`;

const notKnownHere = html`<p><strong>Not known here.</strong> No request passes through a sidecar. Each API process counts its rejected requests by reason: read its own <code>/metrics</code>, or query Prometheus:</p>
<pre tabindex="0" aria-label="Query for Prometheus"><code>sum by (reason) (rate(revocast_verifications_total{outcome="rejected"}[5m]))</code></pre>`;
