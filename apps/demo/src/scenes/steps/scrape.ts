import { histogramBetween, quantileOf } from '../../report/histogram.ts';
import { parsePrometheusText, type Sample, sumBy, sumOf } from '../../report/prometheus-text.ts';
import { roundMs } from '../../report/summary.ts';
import type { Stage } from '../scene.ts';

/** The metrics of all replicas. */
export async function scrape({ send, world }: Stage): Promise<readonly Sample[]> {
  const texts = await Promise.all(world.replicas.map(async ({ url }) => (await send(`${url}/metrics`)).body));
  return texts.flatMap(parsePrometheusText);
}

/** The number of rules in each sidecar. */
export function rulesHeld({ send, world }: Stage): Promise<readonly number[]> {
  return Promise.all(
    world.replicas.map(async ({ sidecarUrl }) => {
      const { body } = await send(`${sidecarUrl}/metrics`);
      return sumOf(parsePrometheusText(body), 'revocast_denylist_rules');
    }),
  );
}

export interface Measured {
  /** Quantiles of the histogram, interpolated within its buckets, so less exact than single measurements. */
  readonly histogram: { readonly count: number; readonly p50Ms: number; readonly p99Ms: number };
  /** Refused requests by reason. */
  readonly causes: Readonly<Record<string, number>>;
  readonly exposed: number;
  readonly leaked: number;
}

const names = {
  latency: 'revocast_revocation_latency_seconds',
  verifications: 'revocast_verifications_total',
  exposed: 'revocast_revocation_exposed_requests_total',
  leaked: 'revocast_revocation_leaked_requests_total',
};

/** @throws Error with the name of a missing metric, which would otherwise count as 0. */
export function measureBetween(before: readonly Sample[], after: readonly Sample[]): Measured {
  for (const name of [`${names.latency}_bucket`, names.verifications, names.exposed, names.leaked]) {
    if (!after.some((sample) => sample.name === name)) throw new Error(`the replicas expose no metric ${name}`);
  }
  const latency = histogramBetween(before, after, names.latency);
  const quantileMs = (quantile: number): number => roundMs((quantileOf(latency, quantile) ?? 0) * 1000);
  const grown = (name: string): number => sumOf(after, name) - sumOf(before, name);
  return {
    histogram: { count: latency.count, p50Ms: quantileMs(0.5), p99Ms: quantileMs(0.99) },
    causes: refusedBetween(before, after),
    exposed: grown(names.exposed),
    leaked: grown(names.leaked),
  };
}

function refusedBetween(before: readonly Sample[], after: readonly Sample[]): Record<string, number> {
  const refused = (samples: readonly Sample[]): Map<string, number> =>
    sumBy(
      samples.filter(({ labels }) => labels['outcome'] === 'rejected'),
      names.verifications,
      'reason',
    );
  const earlier = refused(before);
  const grown = [...refused(after)].map(([reason, count]) => [reason, count - (earlier.get(reason) ?? 0)] as const);
  return Object.fromEntries(grown.filter(([, count]) => count > 0));
}
