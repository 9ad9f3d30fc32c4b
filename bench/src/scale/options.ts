import { parseArgs } from 'node:util';
import { type Costs, isConstantName } from './constants.ts';
import { type Bottom, bottoms, type Fleet } from './fleet.ts';
import { documentedFleet, documentedStorm } from './page.ts';

export const helpText = `npm run scale -- [options]

A model of a fleet: its load, the time of a cold start, and its limits. It only computes; --validate also starts processes.

  --processes N      number of API processes, default ${documentedFleet.processes}
  --rules N          number of rules in force, default ${documentedFleet.rules}
  --revocations N    revocations a second, default ${documentedFleet.revocationsPerSecond}
  --sidecar WHERE    where sidecars run: pod, node or none, default ${documentedFleet.bottom}
  --per-node N       API processes on one node, default ${documentedFleet.perNode}
  --tiers N          relays in a chain, 0-3, default ${documentedFleet.tiers}
  --fan-out N        readers of one relay, default ${documentedFleet.fanOut}
  --logs N           number of logs that share processes, rules and revocations, default ${documentedFleet.logs}
  --link-mbit N      bandwidth of every network link, default ${(documentedFleet.linkBytesPerSecond * 8) / 1e6}
  --round-trip-ms N  round-trip time between hosts, default ${documentedFleet.roundTripMs}
  --spread-ms N      period over which the starts of a deploy storm are spread, default ${documentedStorm.spreadMs}
  --seed N           seed of the simulated storms, default ${documentedStorm.seed}
  --set NAME=VALUE   replaces a constant of bench/src/scale/constants.ts; may be repeated
  --write            regenerates the tables of docs/scale.md
  --validate         compares the model with a real sidecar, 16 readers and 10,000 rules; takes half a minute
  --json             print tables to stderr; the last line of stdout is one JSON object
  --help             print this text
`;

export interface ScaleOptions {
  readonly fleet: Fleet;
  readonly storm: { readonly seed: number; readonly spreadMs: number };
  readonly replaced: Partial<Costs>;
  readonly write: boolean;
  readonly validate: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

/** @throws Error that names the option, the expected and the found value. */
export function readOptions(args: string[]): ScaleOptions {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args,
    options: {
      processes: text,
      rules: text,
      revocations: text,
      sidecar: text,
      'per-node': text,
      tiers: text,
      'fan-out': text,
      logs: text,
      'link-mbit': text,
      'round-trip-ms': text,
      'spread-ms': text,
      seed: text,
      set: { type: 'string', multiple: true, default: [] },
      write: flag,
      validate: flag,
      json: flag,
      help: flag,
    },
  });
  const base = documentedFleet;
  const count = (name: string, given: string | undefined, fallback: number, [min, max]: readonly [number, number]) =>
    readNumber({ name, given, fallback, min, max, whole: true });
  const fleet: Fleet = {
    processes: count('processes', values.processes, base.processes, [1, 1_000_000]),
    rules: count('rules', values.rules, base.rules, [0, 100_000_000]),
    revocationsPerSecond: readNumber({
      ...{ name: 'revocations', given: values.revocations, fallback: base.revocationsPerSecond },
      ...{ min: 0, max: 100_000, whole: false },
    }),
    bottom: readBottom(values.sidecar ?? base.bottom),
    perNode: count('per-node', values['per-node'], base.perNode, [1, 1000]),
    tiers: count('tiers', values.tiers, base.tiers, [0, 3]),
    fanOut: count('fan-out', values['fan-out'], base.fanOut, [1, 10_000]),
    logs: count('logs', values.logs, base.logs, [1, 1000]),
    linkBytesPerSecond:
      (count('link-mbit', values['link-mbit'], (base.linkBytesPerSecond * 8) / 1e6, [1, 1_000_000]) * 1e6) / 8,
    roundTripMs: readNumber({
      ...{ name: 'round-trip-ms', given: values['round-trip-ms'], fallback: base.roundTripMs },
      ...{ min: 0, max: 1000, whole: false },
    }),
  };
  const storm = {
    seed: count('seed', values.seed, documentedStorm.seed, [0, 2 ** 31]),
    spreadMs: count('spread-ms', values['spread-ms'], documentedStorm.spreadMs, [0, 3_600_000]),
  };
  const { write, validate, json, help } = values;
  return { fleet, storm, replaced: readReplaced(values.set), write, validate, json, help };
}

interface NumberOption {
  readonly name: string;
  readonly given: string | undefined;
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
}

function readNumber({ name, given, fallback, min, max, whole }: NumberOption): number {
  if (given === undefined) return fallback;
  const value = Number(given);
  if (given.trim() !== '' && value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
  throw new Error(`--${name}: expected a ${whole ? 'whole ' : ''}number from ${min} to ${max}, found ${given}`);
}

function readBottom(given: string): Bottom {
  const bottom = bottoms.find((known) => known === given);
  if (bottom === undefined) throw new Error(`--sidecar: expected ${bottoms.join(', ')}, found ${given}`);
  return bottom;
}

function readReplaced(given: readonly string[]): Partial<Costs> {
  return Object.fromEntries(
    given.map((setting) => {
      const [, name = '', value = ''] = /^([A-Za-z]+)=([\d.e+-]+)$/.exec(setting) ?? [];
      if (!isConstantName(name) || !(Number(value) >= 0)) {
        throw new Error(`--set: expected NAME=VALUE with a name of constants.ts and a number, found ${setting}`);
      }
      return [name, Number(value)];
    }),
  );
}
