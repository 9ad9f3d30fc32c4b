import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { type RandomRun, randomRun, violationsOf } from './random-run.ts';

/** A batch is repeated by its own seed. */
const batchRuns = 1000;
const maxSeed = 2 ** 31 - 1;
const help = `npm run model -- [options]

  --runs <n>   random schedules of faults, 1-10000000; about 50 a second on a quiet machine; default 50000
  --seed <n>   0-${maxSeed}, of the first batch of ${batchRuns} schedules; the next batch has the next seed; default: drawn, and printed

Every schedule that breaks a promise is made smaller and printed, with the seed of its batch.
Exit code: 0 when no promise was broken, 1 when one was, 2 for a wrong option.`;

interface Command {
  readonly runs: number;
  readonly seed: number;
}

/** @returns what is wrong, when the arguments cannot be used. */
function readCommandLine(args: readonly string[]): Command | string {
  try {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({ args: [...args], options: { runs: text, seed: text } });
    const runs = Number(values.runs ?? 50_000);
    if (!(Number.isInteger(runs) && runs >= 1 && runs <= 10_000_000)) {
      return `--runs: expected 1–10000000, found ${values.runs}`;
    }
    const seed = Number(values.seed ?? Math.floor(Math.random() * maxSeed));
    if (!(Number.isInteger(seed) && seed >= 0 && seed <= maxSeed)) {
      return `--seed: expected 0–${maxSeed}, found ${values.seed}`;
    }
    return { runs, seed };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @returns whether all promises were kept. */
async function search({ runs, seed }: Command): Promise<boolean> {
  const startedAtMs = performance.now();
  let failures = 0;
  for (let done = 0, batch = seed; done < runs; batch += 1) {
    const numRuns = Math.min(batchRuns, runs - done);
    const found = await checkBatch(batch, numRuns);
    if (found !== undefined) {
      failures += 1;
      console.log(await describe(batch, found));
    }
    done += numRuns;
    const seconds = Math.round((performance.now() - startedAtMs) / 1000);
    console.log(`seed ${batch}: ${done} of ${runs} schedules, ${failures} batches with a failure, ${seconds} s`);
  }
  return failures === 0;
}

/** @returns the smallest schedule of this batch that breaks a promise. The rest of such a batch is not run. */
async function checkBatch(seed: number, numRuns: number): Promise<RandomRun | undefined> {
  const property = fc.asyncProperty(randomRun, async (run) => (await violationsOf(run)).length === 0);
  const { counterexample } = await fc.check(property, { seed, numRuns });
  return counterexample?.[0];
}

async function describe(seed: number, run: RandomRun): Promise<string> {
  const lines = run.steps.map((step) => `  ${JSON.stringify(step)},`);
  const violations = await violationsOf(run);
  return [`seed ${seed} breaks a promise:`, ...violations, JSON.stringify(run.options), '[', ...lines, ']'].join('\n');
}

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  console.log(help);
} else {
  const command = readCommandLine(args);
  if (typeof command === 'string') {
    console.error(`${command}\n\n${help}`);
    process.exitCode = 2;
  } else {
    process.exitCode = (await search(command)) ? 0 : 1;
  }
}
