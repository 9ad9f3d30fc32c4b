import { cpus, loadavg } from 'node:os';
import { type Command, help, type Part, readCommandLine } from './command-line.ts';
import { chooseContenders } from './http/contenders/index.ts';
import { planOf } from './plan.ts';
import { runPart } from './run-part.ts';

const startedAt = performance.now();
const command = readOrExit();
if (command.help) process.stdout.write(help);
process.exit(command.help || (await bench(command)) ? 0 : 1);

/** @returns whether all parts were measured. */
async function bench({ json, only, ...options }: Command): Promise<boolean> {
  const plan = planOf(options);
  const results: Record<string, object> = {};
  // The load shows whether other work on the machine has affected the figures.
  const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown', load: loadavg() };
  const print = (lines: readonly string[]) => (json ? process.stderr : process.stdout).write(`${lines.join('\n')}\n\n`);
  print([`${machine.cpus} x ${machine.model}, Node ${machine.node}, load ${machine.load[0]?.toFixed(2)} before`]);
  const failed: Part[] = [];
  for (const part of only) {
    try {
      const { lines, result } = await runPart[part](plan, progress);
      print(lines);
      results[part] = result;
    } catch (error) {
      // A failure of one part must not lose the results of the others.
      failed.push(part);
      print([`the part ${part} failed: ${error instanceof Error ? error.stack : 'unknown failure'}`]);
    }
  }
  print(['Spread: half the distance between the quartiles of the rounds. A smaller difference is not significant.']);
  const ok = failed.length === 0;
  if (!json) return ok;
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  process.stdout.write(`${JSON.stringify({ ok, failed, quick: options.quick, seconds, machine, ...results })}\n`);
  return ok;
}

function readOrExit(): Command {
  try {
    const options = readCommandLine(process.argv.slice(2));
    // Checked before the other parts run, because http runs last.
    chooseContenders(options.contenders);
    return options;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}

function progress(text: string): void {
  process.stderr.write(`  … ${text}\n`);
}
