import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { benchColdStart, type ColdStartLine } from './cold-start.ts';
import { benchFleet, type FleetLine } from './fleet-bench.ts';
import { benchHttp } from './http-bench.ts';
import { benchDenylist } from './micro-bench.ts';
import { denylistTable, fleetTable, httpTable } from './tables.ts';

const help = `npm run bench -- [options]

  --quick      one algorithm, few requests: under two minutes, to see that it still runs
  --rounds N   rounds of every contender, 1–50, default 5
  --rules N    rules in the denylist meanwhile, default 1000000
  --micro      only the denylist
  --fleet      only propagation and cold start, with real sidecars and processes
  --json       one JSON object as the last line
`;

const quickFleet = [{ processes: 2, depth: 1, rate: 100, seconds: 3 }];
const wholeFleet = [
  { processes: 8, depth: 1, rate: 10, seconds: 20 },
  { processes: 8, depth: 1, rate: 100, seconds: 20 },
  { processes: 2, depth: 1, rate: 1000, seconds: 20 },
  { processes: 32, depth: 1, rate: 100, seconds: 10 },
  { processes: 4, depth: 2, rate: 100, seconds: 10 },
  { processes: 4, depth: 3, rate: 100, seconds: 10 },
];

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    rules: { type: 'string' },
    micro: { type: 'boolean', default: false },
    fleet: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(help);
} else {
  const rules = readCount('rules', values.rules, { fallback: values.quick ? 10_000 : 1_000_000, max: 20_000_000 });
  const rounds = readCount('rounds', values.rounds, { fallback: values.quick ? 1 : 5, max: 50 });
  const everything = !values.micro && !values.fleet;
  const sizes = values.quick ? [1000, 10_000] : [1000, 10_000, 100_000, 1_000_000, 10_000_000];
  const denylist = (values.fleet ? [] : sizes).map((size) => {
    progress(`denylist with ${size} rules`);
    return benchDenylist(size);
  });
  if (denylist.length > 0) print(denylistTable(denylist));
  const coldStart: ColdStartLine[] = [];
  const fleet: FleetLine[] = [];
  if (everything || values.fleet) {
    for (const size of values.quick ? [10_000] : [10_000, 1_000_000]) {
      progress(`cold start with ${size} rules`);
      coldStart.push(await benchColdStart(size));
    }
    for (const load of values.quick ? quickFleet : wholeFleet) fleet.push(await benchFleet({ ...load, progress }));
    print(fleetTable(coldStart, fleet));
  }
  const http = !everything
    ? []
    : await benchHttp({
        algorithms: values.quick ? ['ES256'] : ['RS256', 'ES256', 'EdDSA'],
        rules,
        rounds,
        amount: values.quick ? 5000 : 20_000,
        progress,
      });
  if (http.length > 0) print(httpTable(http));
  const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown' };
  if (values.json)
    process.stdout.write(`${JSON.stringify({ ok: true, machine, rules, rounds, denylist, coldStart, fleet, http })}\n`);
  process.exit(0);
}

function readCount(
  name: string,
  text: string | undefined,
  { fallback, max }: { fallback: number; max: number },
): number {
  if (text === undefined) return fallback;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= max) return count;
  process.stderr.write(`--${name}: expected a whole number from 1 to ${max}, found ${text}\n`);
  process.exit(2);
}

function progress(text: string): void {
  process.stderr.write(`  … ${text}\n`);
}

function print(lines: readonly string[]): void {
  // With --json the tables go where people look and machines do not.
  (values.json ? process.stderr : process.stdout).write(`${lines.join('\n')}\n\n`);
}
