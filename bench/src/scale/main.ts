import { readFile, writeFile } from 'node:fs/promises';
import { constants, costsWith } from './constants.ts';
import { limitsOf } from './limits.ts';
import { helpText, readOptions, type ScaleOptions } from './options.ts';
import { documentedFleet, documentedStorm, pageParts, withParts } from './page.ts';
import { pickTopology } from './pick.ts';
import { steadyState } from './steady.ts';
import { simulateStorm } from './storm/storm.ts';
import { assumptions, levelNames } from './tables.ts';
import { validate } from './validate.ts';

const page = new URL('../../../docs/scale.md', import.meta.url);

try {
  await run(readOptions(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

async function run(options: ScaleOptions): Promise<void> {
  const { fleet, storm, replaced, json } = options;
  const costs = costsWith(replaced);
  // With --json, stdout holds only the JSON object.
  const print = (lines: readonly string[]) =>
    void (json ? process.stderr : process.stdout).write(`${lines.join('\n')}\n\n`);
  if (options.help) return print([helpText.trimEnd()]);
  if (options.write) {
    await writeFile(
      page,
      withParts(await readFile(page, 'utf8'), pageParts(documentedFleet, costsWith(), documentedStorm)),
    );
    return;
  }
  if (options.validate) {
    const lines = await validate(costs, print);
    if (json) process.stdout.write(`${JSON.stringify({ ok: true, lines })}\n`);
    return;
  }
  print([assumptions(fleet), levelNames(fleet, costs)]);
  for (const [name, lines] of pageParts(fleet, costs, storm)) print([`${name}:`, ...lines]);
  const state = steadyState(fleet, costs);
  const limits = limitsOf(fleet, costs, state);
  print([
    'limits, the nearest first:',
    ...limits.map(({ what, used, allowed, unit, remedy }) => {
      return `${((used / allowed) * 100).toFixed(0).padStart(6)} %  ${what}: ${used.toPrecision(3)} of ${allowed.toPrecision(3)} ${unit} (${remedy})`;
    }),
  ]);
  if (!json) return;
  const storms = {
    processes: simulateStorm(fleet, costs, { ...storm, cold: 'processes' }),
    everything: simulateStorm(fleet, costs, { ...storm, cold: 'everything' }),
  };
  const picked = pickTopology(fleet, costs);
  process.stdout.write(
    `${JSON.stringify({ ok: true, fleet, constants, replaced, steady: state, limits, storms, picked })}\n`,
  );
}
