import { html, type Markup } from '../html.ts';
import { formatDuration } from './format.ts';

const plot = { width: 340, height: 130, left: 44, right: 6, top: 8, bottom: 8 } as const;
const shown = 100;
/** Powers of ten of the scale: 0.1 ms to 10 s. Values outside are drawn at the edge. */
const decades = [-1, 4] as const;
const gridMs = [1, 10, 100, 1000, 10_000] as const;
/** The objective: 99.9 % of the latencies below one second. */
const objectiveMs = 1000;

/** Draws the last 100 latencies as bars on a logarithmic scale, the newest on the right. @param latencies ms, oldest first. */
export function renderLatencyPlot(latencies: readonly number[]): Markup {
  const last = latencies.slice(-shown);
  const slow = last.filter((ms) => ms > objectiveMs).length;
  const summary = `The last ${last.length} revocations: ${formatDuration(Math.min(...last))} to ${formatDuration(Math.max(...last))}; ${slow} took longer than ${formatDuration(objectiveMs)}.`;
  const step = (plot.width - plot.left - plot.right) / shown;
  const bars = last.map((ms, index) => {
    const x = plot.width - plot.right - (last.length - index) * step;
    const y = heightOf(ms);
    const size = { width: (step * 0.8).toFixed(2), height: (plot.height - plot.bottom - y).toFixed(1) };
    return html`<rect class="${ms > objectiveMs ? 'bar slow' : 'bar'}" x="${x.toFixed(2)}" y="${y.toFixed(1)}" width="${size.width}" height="${size.height}"/>`;
  });
  return html`<svg class="plot" viewBox="0 0 ${plot.width} ${plot.height}" role="img" aria-label="${summary}">
${gridMs.map(gridLine)}
${bars}
</svg>
<p class="note">${summary} Newest on the right, logarithmic scale.</p>`;
}

function gridLine(ms: number): Markup {
  const y = heightOf(ms).toFixed(1);
  const kind = ms === objectiveMs ? 'grid objective' : 'grid';
  return html`<line class="${kind}" x1="${plot.left}" x2="${plot.width - plot.right}" y1="${y}" y2="${y}"/>
<text class="tick" x="${plot.left - 5}" y="${y}" dominant-baseline="middle" text-anchor="end">${ms < 1000 ? `${ms} ms` : `${ms / 1000} s`}</text>`;
}

/** The distance of a latency from the top of the plot. */
function heightOf(ms: number): number {
  const [lowest, highest] = decades;
  const decade = Math.min(Math.max(Math.log10(Math.max(ms, 0.001)), lowest), highest);
  const share = (decade - lowest) / (highest - lowest);
  // A latency near 0 keeps a height of 2, so that each revocation is visible.
  return plot.height - plot.bottom - Math.max(2, share * (plot.height - plot.top - plot.bottom));
}
