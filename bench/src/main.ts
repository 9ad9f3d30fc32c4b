import { cpus, loadavg } from 'node:os';
import { type Command, help, readCommandLine } from './command-line.ts';
import { planOf } from './plan.ts';
import { runPart } from './run-part.ts';

const startedAt = performance.now();
const command = readOrRefuse();
if (command.help) process.stdout.write(help);
else await bench(command);
process.exit(0);

async function bench({ json, only, ...asked }: Command): Promise<void> {
  const plan = planOf(asked);
  const results: Record<string, object> = {};
  // Somebody else's work on this machine is the first thing to suspect.
  const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown', load: loadavg() };
  const print = (lines: readonly string[]) => (json ? process.stderr : process.stdout).write(`${lines.join('\n')}\n\n`);
  print([`${machine.cpus} x ${machine.model}, Node ${machine.node}, load ${machine.load[0]?.toFixed(2)} before`]);
  for (const part of only) {
    const { lines, result } = await runPart[part](plan, progress);
    print(lines);
    results[part] = result;
  }
  print(['Spread: half the distance between the quartiles of the rounds. What differs by less does not differ.']);
  if (!json) return;
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  process.stdout.write(`${JSON.stringify({ ok: true, quick: asked.quick, seconds, machine, ...results })}\n`);
}

function readOrRefuse(): Command {
  try {
    return readCommandLine(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}

function progress(text: string): void {
  process.stderr.write(`  … ${text}\n`);
}
