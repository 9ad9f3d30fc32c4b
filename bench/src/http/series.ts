import type { Algorithm } from '../command-line.ts';
import { ratios, type Summary, summarize } from '../report/statistics.ts';
import type { Reading } from './alternate.ts';
import type { Temperature } from './contenders/contender.ts';

/** One table of the report. */
export interface Group {
  readonly algorithm: Algorithm;
  readonly temperature: Temperature;
}

/** The readings of one contender, one for each round. */
export interface Series extends Group {
  readonly contender: string;
  readonly about: string;
  readonly readings: Reading[];
}

/** The summary of a series. */
export interface ThroughputLine extends Group {
  readonly contender: string;
  readonly about: string;
  readonly requestsPerSecond: Summary;
  /** Relative to the bare route in the same rounds. */
  readonly ofBare: Summary;
  /** CPU time of the server's process, all threads, in microseconds a request. */
  readonly cpuUs: Summary;
  /** CPU time a request of the bare route in the same rounds, divided by that of the contender. */
  readonly cpuOfBare: Summary;
}

export function lineOf(series: Series, all: readonly Series[]): ThroughputLine {
  const { readings: _, ...rest } = series;
  return {
    ...rest,
    requestsPerSecond: summarize(ratesOf(series)),
    ofBare: summarize(sharesOf(series, all)),
    cpuUs: summarize(cpuOf(series)),
    cpuOfBare: summarize(cpuSharesOf(series, all)),
  };
}

/** Throughput relative to the bare route, one value for each round. */
export function sharesOf(series: Series, all: readonly Series[]): number[] {
  const bare = findSeries(all, series, 'bare');
  return ratios(ratesOf(series), bare === undefined ? [] : ratesOf(bare));
}

/** The same by CPU time, which other work on the machine affects less. */
export function cpuSharesOf(series: Series, all: readonly Series[]): number[] {
  const bare = findSeries(all, series, 'bare');
  return bare === undefined ? [] : ratios(cpuOf(bare), cpuOf(series));
}

export function cpuOf({ readings }: Series): number[] {
  return readings.map(({ cpuUs }) => cpuUs);
}

export function findSeries(all: readonly Series[], group: Group, contender: string): Series | undefined {
  const { algorithm, temperature } = group;
  return all.find(
    (one) => one.algorithm === algorithm && one.temperature === temperature && one.contender === contender,
  );
}

function ratesOf({ readings }: Series): number[] {
  return readings.map(({ requestsPerSecond }) => requestsPerSecond);
}
