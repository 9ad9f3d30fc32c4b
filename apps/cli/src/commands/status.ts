import type { Command } from 'commander';
import { troubleOf } from '../doctor/describe-replica.ts';
import { lookAtSidecar, type SidecarFacts } from '../doctor/look-at-sidecar.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { UsageError } from '../failure.ts';
import { durationOption } from '../options/parse-argument.ts';
import { addTokenFileOption, readTokenFile } from '../options/source-options.ts';
import { paintFor } from '../output/paint.ts';
import { printable } from '../output/printable.ts';
import { withProgress } from '../output/progress.ts';
import type { World } from '../world.ts';
import { addSidecarOptions, type SidecarOptions, sidecarOf } from './sidecar-options.ts';

interface StatusOptions extends SidecarOptions {
  readonly tokenFile?: string;
  readonly dangerouslyAllowHttp?: boolean;
  readonly timeout: number;
  readonly json?: boolean;
}

export function addStatus(program: Command): Command {
  const command = program
    .command('status')
    .summary('show whether a sidecar is fresh, and which processes behind it are late')
    .description(
      'Shows the readiness of one sidecar, the age of its proof of completeness, its rules and readers, and each process ' +
        'behind it that is late or silent, by its label.',
    );
  addTokenFileOption(addSidecarOptions(command))
    .addOption(
      durationOption('--timeout <duration>', 'how long the sidecar may take to answer', {
        bounds: [100, 60_000],
        initial: 3000,
      }),
    )
    .option('--json', 'print one JSON object');
  return command.addHelpText(
    'after',
    `
Examples:
  $ revocast status
  $ revocast status --sidecar http://127.0.0.1:7471 --json | jq .freshAgeMs`,
  );
}

export async function status(options: StatusOptions, world: World): Promise<ExitCode> {
  const sidecar = sidecarOf(options);
  if (sidecar === undefined) throw new UsageError('--no-sidecar: status checks a sidecar; leave this option out');
  const { dangerouslyAllowHttp, timeout: timeoutMs } = options;
  const tokenFile = readTokenFile(options, world);
  const look = lookAtSidecar({ ...sidecar, tokenFile, dangerouslyAllowHttp, timeoutMs }, world);
  const { figures, ...facts } = await withProgress(world, 'the sidecar', look);
  const counts = { rules: figures.get('denylist_rules'), readers: figures.get('sidecar_clients') };
  world.stdout.write(
    options.json === true ? `${JSON.stringify({ ...facts, ...counts })}\n` : lineOf(facts, counts, world),
  );
  if (facts.dataFailure !== undefined || facts.adminFailure !== undefined) return exitCodes.unreachable;
  return facts.readiness?.ok === true && facts.freshAgeMs !== undefined ? exitCodes.ok : exitCodes.problem;
}

/** The cause, and the last error of the source: `cold, unreachable`. */
function whyNotReady({ cause, check, lastError }: Partial<NonNullable<SidecarFacts['readiness']>> = {}): string {
  return [cause ?? check ?? 'no answer', lastError].filter((part) => part !== undefined).join(', ');
}

function lineOf(facts: Omit<SidecarFacts, 'figures'>, counts: object, { stdout, environment }: World): string {
  const paint = paintFor(stdout, environment);
  const { dataFailure, adminFailure, freshAgeMs, readiness, version } = facts;
  const parts = [
    dataFailure !== undefined
      ? paint('red', `data listener: ${printable(dataFailure)}`)
      : freshAgeMs === undefined
        ? paint('red', 'not fresh')
        : paint('green', `fresh (${Math.round(freshAgeMs)} ms)`),
    adminFailure !== undefined
      ? paint('red', `admin listener: ${printable(adminFailure)}`)
      : readiness?.ok === true
        ? 'ready'
        : paint('red', `not ready (${printable(whyNotReady(readiness))})`),
    ...Object.entries(counts).flatMap(([name, count]) => (count === undefined ? [] : [`${count} ${name}`])),
    ...(version === undefined ? [] : [`version ${printable(version)}`]),
  ];
  const fix = readiness?.ok === false && readiness.remedy !== undefined ? `    ${printable(readiness.remedy)}\n` : '';
  const troubles = (facts.replicas ?? []).flatMap((replica) => troubleOf(replica) ?? []);
  const lines = troubles.map((trouble) => `    ${paint('yellow', trouble)}\n`).join('');
  return `${parts.join(', ')}\n${fix}${lines}`;
}
