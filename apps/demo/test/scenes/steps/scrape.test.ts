import { describe, expect, it } from '@jest/globals';
import { parsePrometheusText } from '../../../src/report/prometheus-text.ts';
import { measureBetween } from '../../../src/scenes/steps/scrape.ts';

const scrape = (refused: number, leaked = 0): ReturnType<typeof parsePrometheusText> =>
  parsePrometheusText(`
revocast_verifications_total{outcome="accepted",reason="none"} 100
revocast_verifications_total{outcome="rejected",reason="revoked_token"} ${refused}
revocast_verifications_total{outcome="rejected",reason="expired"} 3
revocast_revocation_latency_seconds_bucket{le="0.005"} ${refused}
revocast_revocation_latency_seconds_bucket{le="+Inf"} ${refused}
revocast_revocation_exposed_requests_total{dimension="token"} ${refused * 2}
revocast_revocation_leaked_requests_total{dimension="token"} ${leaked}
`);

describe('the measurements of the replicas', () => {
  it('are the growth of latency, refusals by reason, exposed and leaked requests between two scrapes', () => {
    expect(measureBetween(scrape(10), scrape(30, 1))).toEqual({
      histogram: { count: 20, p50Ms: 2.5, p99Ms: 4.95 },
      causes: { revoked_token: 20 },
      exposed: 40,
      leaked: 1,
    });
  });

  it('fail when a metric is missing', () => {
    const withoutLeaked = scrape(1).filter(({ name }) => !name.includes('leaked'));
    expect(() => measureBetween([], withoutLeaked)).toThrow('revocast_revocation_leaked_requests_total');
  });
});
