import type { ColdStartLine } from './cold-start.ts';
import type { FleetLine } from './fleet-bench.ts';
import type { Line } from './http-bench.ts';
import type { MicroLine } from './micro-bench.ts';

export function denylistTable(lines: readonly MicroLine[]): string[] {
  const head = '       rules   load ms  longest slice ms  bytes/rule  check of 9: known ns  hot ns  cold ns';
  return [
    head,
    ...lines.map(
      ({ rules, loadMs, longestSliceMs, bytesPerRule, checkKnownNs, checkHotNs, checkColdNs }) =>
        `${String(rules).padStart(12)}${loadMs.toFixed(1).padStart(10)}${longestSliceMs.toFixed(2).padStart(18)}` +
        `${bytesPerRule.toFixed(1).padStart(12)}${checkKnownNs.toFixed(0).padStart(22)}${checkHotNs.toFixed(0).padStart(8)}${checkColdNs.toFixed(0).padStart(9)}`,
    ),
  ];
}

export function fleetTable(coldStart: readonly ColdStartLine[], fleet: readonly FleetLine[]): string[] {
  return [
    ...coldStart.map(
      ({ rules, freshAfterMs }) => `a new process beside ${rules} rules is fresh after ${freshAfterMs.toFixed(0)} ms`,
    ),
    '  processes  depth  rate/s    p50 ms    p99 ms   bare p50   bare p99   lost',
    ...fleet.map(
      ({ processes, depth, rate, p50Ms, p99Ms, bareP50Ms, bareP99Ms, lost }) =>
        `${String(processes).padStart(11)}${String(depth).padStart(7)}${String(rate).padStart(8)}` +
        `${[p50Ms, p99Ms, bareP50Ms, bareP99Ms].map((ms) => ms.toFixed(2).padStart(10)).join(' ')}${String(lost).padStart(7)}`,
    ),
  ];
}

export function httpTable(lines: readonly Line[]): string[] {
  return lines.map(({ algorithm, temperature, contender, requestsPerSecond, ofBare }, index) => {
    const first = lines[index - 1]?.temperature !== temperature || lines[index - 1]?.algorithm !== algorithm;
    const title = first
      ? `${index === 0 ? '' : '\n'}${algorithm}, ${temperature} (requests/s, of the bare route ± spread)\n`
      : '';
    const percent = `${(ofBare.median * 100).toFixed(0)} % ± ${(ofBare.spread * 100).toFixed(1)}`;
    const bar = '█'.repeat(Math.round(ofBare.median * 40));
    return `${title}  ${contender.padEnd(36)}${requestsPerSecond.median.toFixed(0).padStart(8)}  ${percent.padStart(14)}  ${bar}`;
  });
}
