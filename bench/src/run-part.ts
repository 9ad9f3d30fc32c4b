import { figuresOf } from './attack/attack-line.ts';
import { attackTable } from './attack/attack-table.ts';
import { benchAttack } from './attack/bench-attack.ts';
import { benchColdStart } from './cold/bench-cold-start.ts';
import type { Part } from './command-line.ts';
import { benchFleet, type FleetLine } from './fleet/bench-fleet.ts';
import { benchSustained } from './fleet/bench-sustained.ts';
import { fleetTable } from './fleet/fleet-table.ts';
import { benchKidFlood } from './http/bench-kid-flood.ts';
import { benchLatency } from './http/bench-latency.ts';
import { benchSizes } from './http/bench-sizes.ts';
import { benchThroughput } from './http/bench-throughput.ts';
import { sizeTable, throughputTables } from './http/tables.ts';
import { benchMicro } from './micro/bench-micro.ts';
import type { Plan } from './plan.ts';
import type { Progress } from './progress.ts';
import { type Figure, figureTable } from './report/figure.ts';
import { benchSidecar } from './sidecar/bench-sidecar.ts';
import { benchStreams } from './streams/bench-streams.ts';

/** The result of a part: the lines of its tables, and an object for JSON. */
export interface PartResult {
  readonly lines: readonly string[];
  readonly result: object;
}

const goalTitle =
  'http: revocast compared with the contenders of the goals, within each round; the goals are for Node 24 and later';

/** One function for each part. */
export const runPart: Readonly<Record<Part, (plan: Plan, progress: Progress) => Promise<PartResult>>> = {
  async micro(plan, progress) {
    return ofFigures('micro', await benchMicro(plan.micro, progress));
  },
  async cold(plan, progress) {
    const figures: Figure[] = [];
    for (const start of plan.cold) figures.push(...(await benchColdStart(start, progress)));
    return ofFigures('cold start', figures);
  },
  async sidecar(plan, progress) {
    return ofFigures('sidecar: what it costs a pod', await benchSidecar({ ...plan.sidecar, progress }));
  },
  async fleet(plan, progress) {
    const fleet: FleetLine[] = [];
    for (const load of plan.fleet) fleet.push(await benchFleet(load, progress));
    const sustained = await benchSustained({ ...plan.sustained, progress });
    const title = `sustained: one log, one sidecar, two processes, ${plan.sustained.seconds} s`;
    return { lines: [...fleetTable(fleet), '', ...figureTable(title, sustained)], result: { fleet, sustained } };
  },
  async sizes(plan, progress) {
    const result = await benchSizes({ ...plan.sizes, progress });
    return { lines: sizeTable(result, plan.sizes.reference), result };
  },
  async latency(plan, progress) {
    const title = 'latency: open loop at 60 % of the capacity of the bare route, warm';
    return ofFigures(title, await benchLatency({ ...plan.latency, progress }));
  },
  async flood(plan, progress) {
    return ofFigures('kid flood', await benchKidFlood({ ...plan.flood, progress }));
  },
  async attack(plan, progress) {
    const figures = (await benchAttack({ ...plan.attack, progress })).map(figuresOf);
    return { lines: attackTable(figures), result: figures };
  },
  async streams(plan, progress) {
    return ofFigures('streams: open streams beside requests', await benchStreams({ ...plan.streams, progress }));
  },
  async http(plan, progress) {
    const result = await benchThroughput({ ...plan.http, progress });
    const { lines, goals } = result;
    const tables = throughputTables(lines, process.version);
    return { lines: goals.length === 0 ? tables : [...tables, '', ...figureTable(goalTitle, goals)], result };
  },
};

function ofFigures(title: string, figures: readonly Figure[]): PartResult {
  return { lines: figureTable(title, figures), result: figures };
}
