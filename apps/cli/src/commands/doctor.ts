import { defaultMaxStalenessMs, leastMaxStalenessMs, mostMaxStalenessMs } from '@revocast/denylist/replica';
import type { Command } from 'commander';
import { examine } from '../doctor/examine.ts';
import { countByStatus, exitCodeFor, formatReport } from '../doctor/report.ts';
import type { ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failure.ts';
import { duration, webAddress, wholeNumber } from '../parse-argument.ts';
import {
  addSourceOptions,
  defaultSidecar,
  readSourceUrl,
  readTokenFile,
  refuseEmbedded,
  type SourceOptions,
} from '../source-options.ts';
import type { World } from '../world.ts';
import { addSidecarOptions, type SidecarOptions, sidecarOf } from './sidecar-options.ts';

export interface DoctorOptions extends SourceOptions, SidecarOptions {
  readonly issuer?: string;
  readonly jwksUri?: string;
  readonly dangerouslyAllowHttp?: boolean;
  readonly maxStaleness: number;
  readonly maxTokenLifetime: number;
  readonly planRules?: number;
  readonly timeout: number;
  readonly strict?: boolean;
  readonly json?: boolean;
}

/** Heartbeats come twice a second; when their writer dies, the next one writes within two and a half. */
const heartbeatWaitMs = 3000;

export function addDoctor(program: Command): Command {
  const command = program.command('doctor').summary('find what is wrong, and what to do about it');
  command
    .description(
      'Looks at issuer, log, Redis and sidecar from here, and at what they must agree on. It changes nothing; for the ' +
        'rights of a sidecar, run it as the user of the sidecar.',
    )
    .option('--issuer <url>', 'an issuer: its metadata, keys and clock (REVOCAST_ISSUER)', webAddress)
    .option('--jwks-uri <url>', 'the key set, where the issuer publishes no metadata', webAddress)
    .option('--dangerously-allow-http', 'ask an issuer over plain http, in tests');
  addSourceOptions(command, 'the log');
  addSidecarOptions(command)
    .option(
      '--max-staleness <duration>',
      'maxStalenessMs of the processes',
      duration([leastMaxStalenessMs, mostMaxStalenessMs]),
      defaultMaxStalenessMs,
    )
    .option(
      '--max-token-lifetime <duration>',
      'maxTokenLifetimeMs of the verifiers',
      duration([1000, 4_294_967_295_000]),
      86_400_000,
    )
    .option('--plan-rules <count>', 'rules to be held: is there memory for them', wholeNumber('a count', [1, 1e9]))
    .option('--timeout <duration>', 'how long an http server may take', duration([100, 60_000]), 3000)
    .option('--strict', 'end with 1 for warnings and for what could not be looked at, too')
    .option('--json', 'one JSON object');
  return command.addHelpText(
    'after',
    `
Examples:
  $ revocast doctor --issuer https://login.example.com/ --source redis://redis:6379
  $ REVOCAST_SOURCE_FILE=redis-url.txt revocast doctor --no-sidecar --plan-rules 1000000
  $ revocast doctor --json --strict | jq '.checks[] | select(.status != "ok")'`,
  );
}

export async function doctor(options: DoctorOptions, world: World): Promise<ExitCode> {
  const { maxStaleness, maxTokenLifetime, planRules, strict = false, json = false } = options;
  const issuer = readIssuer(options, world);
  const url = readSourceUrl(options, world);
  const tokenFile = readTokenFile(options, world);
  const credentials = tokenFile === undefined ? {} : { tokenFile };
  const sidecar = sidecarOf(options, defaultSidecar);
  const checks = await examine(
    {
      maxStalenessMs: maxStaleness,
      maxTokenLifetimeMs: maxTokenLifetime,
      ...(url === undefined ? {} : { log: { url: refuseEmbedded(url), heartbeatWaitMs, ...credentials } }),
      ...(sidecar === undefined ? {} : { sidecar: { ...sidecar, ...credentials, timeoutMs: options.timeout } }),
      issuer,
      plannedRules: planRules,
    },
    world,
  );
  const exitCode = exitCodeFor(checks, strict);
  world.stdout.write(
    json ? `${JSON.stringify({ exitCode, counts: countByStatus(checks), checks })}\n` : formatReport(checks, world),
  );
  return exitCode;
}

function readIssuer({ issuer, jwksUri, dangerouslyAllowHttp = false, timeout }: DoctorOptions, { environment }: World) {
  const named = issuer ?? (environment['REVOCAST_ISSUER'] || undefined);
  if (named === undefined) {
    if (jwksUri !== undefined) throw new UsageError('--jwks-uri: needs --issuer');
    return undefined;
  }
  if (!URL.canParse(named)) throw new UsageError('REVOCAST_ISSUER: expected a URL');
  const plain = [named, jwksUri].some((url) => url?.startsWith('http:'));
  if (plain && !dangerouslyAllowHttp) {
    throw new UsageError(
      '--issuer: expected https; whoever is on the way of plain http chooses the keys that are trusted',
    );
  }
  const keys = jwksUri === undefined ? {} : { jwksUri };
  return { issuer: named, allowHttp: dangerouslyAllowHttp, timeoutMs: timeout, ...keys };
}
