import { expect, it } from '@jest/globals';
import { fleetTable } from '../../src/fleet/fleet-table.ts';

const value = { median: 1, spread: 0, rounds: 10 };
const line = {
  ...{ processes: 8, depth: 1, rate: 100, seconds: 20, warmUp: 2000, revocations: 2000, lost: 0 },
  ...{ p50Ms: value, p99Ms: value, bareP50Ms: value, bareP99Ms: value, p50Ratio: 2.5, p99Ratio: 5.5 },
  ...{ processCpuUs: 180, sidecarCpuUs: 701 },
};

it('shows the goals only for eight processes at a hundred revocations a second', () => {
  const [, , , , eight, relay, slow] = fleetTable([line, { ...line, depth: 2 }, { ...line, rate: 10 }]);
  expect(eight).toContain('p50 <= 3: met, p99 <= 5: missed, CPU process <= 200: met, CPU sidecar <= 700: missed');
  expect(relay).not.toContain('<=');
  expect(slow).not.toContain('<=');
});
