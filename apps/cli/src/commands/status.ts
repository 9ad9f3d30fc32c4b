import type { Command } from 'commander';
import { lookAtSidecar, type SidecarFacts } from '../doctor/look-at-sidecar.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { UsageError } from '../failure.ts';
import { paintFor } from '../paint.ts';
import { duration } from '../parse-argument.ts';
import { withProgress } from '../progress.ts';
import { defaultSidecar, readTokenFile } from '../source-options.ts';
import type { World } from '../world.ts';
import { addSidecarOptions, type SidecarOptions, sidecarOf } from './sidecar-options.ts';

export interface StatusOptions extends SidecarOptions {
  readonly tokenFile?: string;
  readonly timeout: number;
  readonly json?: boolean;
}

export function addStatus(program: Command): Command {
  const command = program.command('status').summary('say whether a sidecar is fresh, in one line');
  command.description('Asks one sidecar how it is: readiness, age of its proof of completeness, rules, readers.');
  addSidecarOptions(command)
    .option('--token-file <path>', 'file whose first line is the bearer token of the sidecar (REVOCAST_TOKEN_FILE)')
    .option('--timeout <duration>', 'how long it may take', duration([100, 60_000]), 3000)
    .option('--json', 'one JSON object');
  return command.addHelpText(
    'after',
    `
Examples:
  $ revocast status
  $ revocast status --sidecar http://127.0.0.1:7471 --json | jq .freshAgeMs`,
  );
}

export async function status(options: StatusOptions, world: World): Promise<ExitCode> {
  const sidecar = sidecarOf(options, defaultSidecar);
  if (sidecar === undefined) throw new UsageError('--no-sidecar: leaves nothing to ask');
  const tokenFile = readTokenFile(options, world);
  const credentials = tokenFile === undefined ? {} : { tokenFile };
  const asked = lookAtSidecar({ ...sidecar, ...credentials, timeoutMs: options.timeout }, world);
  const { figures, ...facts } = await withProgress(world, 'the sidecar', asked);
  const rules = figures.get('denylist_rules');
  const readers = figures.get('sidecar_clients');
  const counts = { rules, readers };
  world.stdout.write(
    options.json === true ? `${JSON.stringify({ ...facts, ...counts })}\n` : lineOf(facts, counts, world),
  );
  if (facts.dataFailure !== undefined || facts.adminFailure !== undefined) return exitCodes.unreachable;
  return facts.readiness?.ok === true && facts.freshAgeMs !== undefined ? exitCodes.ok : exitCodes.problem;
}

function lineOf(facts: Omit<SidecarFacts, 'figures'>, counts: object, { stdout, environment }: World): string {
  const paint = paintFor(stdout, environment);
  const { dataFailure, adminFailure, freshAgeMs, readiness, version } = facts;
  const parts = [
    dataFailure !== undefined
      ? paint('red', `data listener: ${dataFailure}`)
      : freshAgeMs === undefined
        ? paint('red', 'not fresh')
        : paint('green', `fresh (${Math.round(freshAgeMs)} ms)`),
    adminFailure !== undefined
      ? paint('red', `admin listener: ${adminFailure}`)
      : readiness?.ok === true
        ? 'ready'
        : paint('red', `not ready (${readiness?.cause ?? readiness?.check ?? 'no answer'})`),
    ...Object.entries(counts).map(([name, count]) => `${count} ${name}`),
    ...(version === undefined ? [] : [`version ${version}`]),
  ];
  const remedy = readiness?.ok === false && readiness.remedy !== undefined ? `    ${readiness.remedy}\n` : '';
  return `${parts.join(', ')}\n${remedy}`;
}
