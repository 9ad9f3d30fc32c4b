import { cpus, loadavg } from 'node:os';
import { type Command, help, type Part, readCommandLine } from './command-line.ts';
import { chooseContenders } from './http/contenders/index.ts';
import { planOf } from './plan.ts';
import { runPart } from './run-part.ts';

const startedAt = performance.now();
const command = readOrRefuse();
if (command.help) process.stdout.write(help);
process.exit(command.help || (await bench(command)) ? 0 : 1);

/** @returns whether every part could be measured. */
async function bench({ json, only, ...asked }: Command): Promise<boolean> {
  const plan = planOf(asked);
  const results: Record<string, object> = {};
  // Other work on this machine is the first suspect.
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
      // What the other parts have measured, or will, must not be lost with it.
      failed.push(part);
      print([`${part} could not be measured: ${error instanceof Error ? error.stack : 'unknown failure'}`]);
    }
  }
  print(['Spread: half the distance between the quartiles of the rounds. What differs by less does not differ.']);
  const ok = failed.length === 0;
  if (!json) return ok;
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  process.stdout.write(`${JSON.stringify({ ok, failed, quick: asked.quick, seconds, machine, ...results })}\n`);
  return ok;
}

function readOrRefuse(): Command {
  try {
    const read = readCommandLine(process.argv.slice(2));
    // Refused now, and not after an hour.
    chooseContenders(read.contenders);
    return read;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}

function progress(text: string): void {
  process.stderr.write(`  … ${text}\n`);
}
