#!/usr/bin/env node
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrokenBuild, brokenBuilds } from './broken/build.ts';
import { type Command, help, readCommandLine } from './command-line.ts';
import { faults } from './faults/index.ts';
import { cannotRun, type NotRun } from './not-run.ts';
import { randomFaults } from './random-faults.ts';
import { reportOf, summarize } from './report.ts';
import { type FaultRun, runFault } from './run-fault.ts';
import { drawSoak, type SoakSummary, soak } from './soak/soak.ts';

process.exitCode = await main(process.argv.slice(2));
// A fault can leave connections half open, which would keep the process alive.
process.exit();

async function main(argv: readonly string[]): Promise<number> {
  let command: Command & { list: boolean };
  try {
    command = readCommandLine(argv, () => Math.floor(Math.random() * 1e9));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : 'wrong options'}\nTry: npm run chaos -- --help\n`);
    return 2;
  }
  if (command.help || command.list) {
    process.stdout.write(command.help ? help : faults.map(({ name }) => `${name}\n`).join(''));
    return 0;
  }
  if (command.soak !== undefined) return await playSoak(command.soak, command);
  const brokenBuild = brokenBuilds.find((build) => build === command.brokenBuild);
  const chosen = faults.filter(({ name }) => command.only.some((prefix) => name.startsWith(prefix)));
  if (chosen.length === 0 || (command.brokenBuild !== undefined && brokenBuild === undefined)) {
    process.stderr.write('unknown fault or build; see --list and --help\n');
    return 2;
  }
  const folder = command.historyFolder ?? mkdtempSync(join(tmpdir(), 'revocast-chaos-'));
  const say = (line: string) => (command.json ? process.stderr : process.stdout).write(`${line}\n`);
  const { runs, notRun } = await play(command, { chosen, folder, say, brokenBuild });

  const summary = summarize(runs, notRun);
  if (command.report !== undefined) {
    const seeds = [...new Set(runs.map(({ seed }) => seed))];
    const report = reportOf({ runs, notRun }, { node: process.version, seeds, minutes: command.minutes });
    writeFileSync(command.report, `${JSON.stringify(report, null, 2)}\n`);
  }
  if (summary.violations > 0) say(`histories: ${folder}`);
  else if (command.historyFolder === undefined) rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  return summary.violations === 0 ? 0 : 1;
}

async function playSoak(minutes: number, { json, report: file }: Command): Promise<number> {
  const say = (line: string) => (json ? process.stderr : process.stdout).write(`${line}\n`);
  const report = await soak(minutes, say);
  for (const line of drawSoak(report)) say(line);
  for (const violation of report.violations) say(`VIOLATION  ${violation}`);
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  const { figures, node, ...summary } = report;
  process.stdout.write(`${JSON.stringify(summary satisfies SoakSummary)}\n`);
  return report.violations.length === 0 ? 0 : 1;
}

interface Play {
  readonly chosen: typeof faults;
  readonly folder: string;
  readonly brokenBuild?: BrokenBuild;
  readonly say: (line: string) => void;
}

interface Played {
  readonly runs: readonly FaultRun[];
  readonly notRun: readonly NotRun[];
}

async function play(command: Command, { chosen, folder, brokenBuild, say }: Play): Promise<Played> {
  const { firstSeed, repeat, seeds, minutes } = command;
  const runs: FaultRun[] = [];
  const notRun: NotRun[] = [];
  const report = (run: FaultRun) => {
    runs.push(run);
    const worst = `late accept ${Math.round(run.worstLateAcceptMs)} ms`;
    const verdict = run.violations.length === 0 ? 'ok' : `${run.violations.length} VIOLATIONS`;
    say(`${verdict}  ${run.fault}  seed ${run.seed}  ${worst}  ${(run.tookMs / 1000).toFixed(1)} s`);
    for (const { what, ms } of run.figures) say(`    ${what}: ${Math.round(ms)} ms`);
    for (const { checked, what } of run.violations.slice(0, 10)) say(`    ${checked}: ${what}`);
  };
  say(`seed ${firstSeed}`);
  const possible: (typeof chosen)[number][] = [];
  for (const fault of chosen) {
    const missing = await cannotRun(fault);
    if (missing === undefined) possible.push(fault);
    else notRun.push(missing);
  }
  for (const { fault, reason } of notRun) say(`not run  ${fault}  ${reason}`);
  const faultsOf = (round: number) => possible.map((fault) => ({ fault, seed: firstSeed + round }));
  const randomOf = (index: number) => ({ fault: randomFaults(minutes * 60_000, say), seed: firstSeed + index });
  const waiting = [
    ...Array.from({ length: repeat }, (_, round) => faultsOf(round)).flat(),
    ...Array.from({ length: minutes === 0 ? 0 : seeds }, (_, index) => randomOf(index)),
  ];
  // A fault mostly waits, so several run at the same time. They start in this order.
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      report(await runFault(next.fault, { seed: next.seed, folder, brokenBuild }));
    }
  };
  await Promise.all(Array.from({ length: command.jobs }, work));
  return { runs, notRun };
}
