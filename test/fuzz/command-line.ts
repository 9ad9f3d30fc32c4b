import { parseArgs } from 'node:util';

export interface Command {
  readonly seconds: number;
  readonly seed: number;
  /** Names of decoders; empty for all. */
  readonly only: readonly string[];
}

export const help = `npm run fuzz -- [options]

  --seconds <n>   how long, 1-86400, for all decoders together; default 60
  --seed <n>      0-4294967295; the same seed makes the same inputs in the same order; default: drawn, and printed
  --only <names>  only these decoders, separated by commas
  --list          prints the names of the decoders

Exit code: 0 when nothing was found, 1 with the seed and the smallest input when a decoder failed, 2 for a wrong option.`;

/** @returns what is wrong, when the arguments cannot be used. */
export function readCommandLine(
  argv: readonly string[],
  names: readonly string[],
  drawnSeed: number,
): Command | string {
  try {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({ args: [...argv], options: { seconds: text, seed: text, only: text } });
    const seconds = Number(values.seconds ?? 60);
    if (!(seconds >= 1 && seconds <= 86_400)) return `--seconds: expected 1–86400, found ${values.seconds}`;
    const seed = Number(values.seed ?? drawnSeed);
    if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32))
      return `--seed: expected 0–4294967295, found ${values.seed}`;
    const only = values.only?.split(',') ?? [];
    const unknown = only.find((name) => !names.includes(name));
    if (unknown !== undefined) return `--only: expected names from ${names.join(', ')}, found ${unknown}`;
    return { seconds, seed, only };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
