import type { Narrator } from '../../report/narrator.ts';
import { plotHistogram } from '../../report/plot.ts';
import { type Summary, summarize } from '../../report/summary.ts';
import type { Facts } from '../scene.ts';
import { type LoadResult, probeEveryMs } from './load.ts';
import type { Measured } from './scrape.ts';

export interface LoadFigures {
  /** Milliseconds from the call of `revoke()` to the first 401, by replica. */
  readonly samples: ReadonlyMap<string, readonly number[]>;
  readonly result: LoadResult;
  /** The growth of the metrics of the replicas during the load. */
  readonly measured: Measured;
}

const targetP99Ms = 50;
/** On an idle machine the generator sends within two of its ticks. */
const busyLagMs = 15;

/** Prints a table, a plot and the reasons: measurements of the clients beside the metrics of the replicas. */
export function describeLoad(narrator: Narrator, { samples, result, measured }: LoadFigures): void {
  const everything = [...samples.values()].flat();
  const all = summarize(everything);
  const { histogram, causes } = measured;
  narrator.say('time from the call of revoke() to the first 401, in milliseconds:');
  narrator.block([
    row('', 'p50', 'p99', 'max'),
    ...[...samples].map(([name, own]) => rowOf(name, summarize(own))),
    rowOf('all replicas', all),
    row('their histogram', histogram.p50Ms.toFixed(1), histogram.p99Ms.toFixed(1), '–'),
    rowOf('generator lag', summarize(result.lagsMs)),
    '',
    ...plotHistogram(everything),
    '',
    `answers: ${list(result.statuses, (status, count) => `${status} × ${count}`)}`,
    `reasons of 401: ${list(Object.entries(causes), (reason, count) => `${reason} ${count}`)}`,
  ]);
  narrator.say(
    `resolution: one probe every ${probeEveryMs} ms. Generator lag: how much later than due requests were sent. The figures of the ` +
      'clients contain it; the histogram, measured by the replicas, does not.',
  );
  narrator.say(
    `${measured.exposed} requests were accepted between a call of revoke() and the update of the denylist; they are ` +
      'expected, and counted as "exposed" in the metrics of the replicas.',
  );
  narrator.say(`p99 is ${all.p99Ms.toFixed(1)} ms; on an idle machine with two cores it is below ${targetP99Ms} ms.`);
  const lag = summarize(result.lagsMs);
  if (lag.p99Ms > busyLagMs) {
    narrator.say(
      `The generator itself was late (p99 ${lag.p99Ms.toFixed(1)} ms): other programs used this machine, and the figures ` +
        'measure them too. Close them, and run it again.',
    );
  }
}

export function factsOf({ samples, result, measured }: LoadFigures): Facts {
  return {
    revocation: { ...summarize([...samples.values()].flat()) },
    perReplica: Object.fromEntries([...samples].map(([name, own]) => [name, { ...summarize(own) }])),
    histogram: { ...measured.histogram },
    requestsPerSecond: result.requestsPerSecond,
    generatorLag: { ...summarize(result.lagsMs) },
    causes: { ...measured.causes },
    exposed: measured.exposed,
    leaked: measured.leaked,
    acceptedAfterRefusal: result.acceptedAfterRefusal,
  };
}

function rowOf(name: string, { p50Ms, p99Ms, maxMs }: Summary): string {
  return row(name, p50Ms.toFixed(1), p99Ms.toFixed(1), maxMs.toFixed(1));
}

function row(name: string, ...cells: readonly string[]): string {
  return name.padEnd(16) + cells.map((cell) => cell.padStart(10)).join('');
}

function list<Key>(pairs: Iterable<readonly [Key, number]>, describe: (key: Key, count: number) => string): string {
  return [...pairs].map(([key, count]) => describe(key, count)).join(', ');
}
