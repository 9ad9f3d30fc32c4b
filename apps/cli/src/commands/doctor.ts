import {
  backdatingSeconds,
  defaultMaxStalenessMs,
  defaultMaxTokenLifetimeSeconds,
  leastMaxStalenessMs,
  mostMaxStalenessMs,
} from '@revocast/denylist/replica';
import type { Command } from 'commander';
import { examine } from '../doctor/examine.ts';
import { countByStatus, exitCodeFor, formatReport } from '../doctor/report.ts';
import type { ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failure.ts';
import { addIssuerOptions, type IssuerOptions, readIssuer } from '../options/issuer-options.ts';
import { durationOption, webAddress, wholeNumber } from '../options/parse-argument.ts';
import { addSourceOptions, readSourceUrl, readTokenFile, type SourceOptions } from '../options/source-options.ts';
import type { World } from '../world.ts';
import { addSidecarOptions, type SidecarOptions, sidecarOf } from './sidecar-options.ts';

interface DoctorOptions extends SourceOptions, SidecarOptions, IssuerOptions {
  readonly maxStaleness: number;
  readonly maxTokenLifetime: number;
  readonly planRules?: number;
  readonly receiver?: string;
  readonly strict?: boolean;
  readonly json?: boolean;
}

/** Heartbeats are written twice a second. When their writer dies, another sidecar takes over within 2.5 s. */
const heartbeatWaitMs = 3000;

export function addDoctor(program: Command): Command {
  const command = program
    .command('doctor')
    .summary('find what is wrong and how to fix it')
    .description(
      'Checks the issuer, the log, Redis, the sidecar, and whether they agree. It changes nothing. To check the ' +
        'permissions of a sidecar, run it as the Redis user of the sidecar.',
    );
  addIssuerOptions(command, 'the key set, for an issuer that publishes no metadata');
  addSourceOptions(command, 'the log');
  addSidecarOptions(command)
    .addOption(
      durationOption('--max-staleness <duration>', 'maxStalenessMs of the processes', {
        bounds: [leastMaxStalenessMs, mostMaxStalenessMs],
        initial: defaultMaxStalenessMs,
      }),
    )
    .addOption(
      durationOption('--max-token-lifetime <duration>', 'maxTokenLifetimeMs of the verifiers; the default is theirs', {
        bounds: [1000, 4_294_967_295_000],
        // The default of the verifiers.
        initial: (defaultMaxTokenLifetimeSeconds + backdatingSeconds) * 1000,
      }),
    )
    .option('--receiver <url>', 'admin listener of a receiver, to check it too', webAddress)
    .option('--plan-rules <count>', 'check that Redis has memory for this many rules', wholeNumber('a count', [1, 1e9]))
    .option('--strict', 'also exit with 1 for warnings and for checks that were not possible')
    .option('--json', 'print one JSON object');
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
  const {
    maxStaleness,
    maxTokenLifetime,
    planRules,
    receiver,
    strict = false,
    json = false,
    timeout: timeoutMs,
  } = options;
  const { dangerouslyAllowHttp } = options;
  const url = readSourceUrl(options, world);
  const tokenFile = readTokenFile(options, world);
  const sidecar = sidecarOf(options);
  const checks = await examine(
    {
      maxStalenessMs: maxStaleness,
      maxTokenLifetimeMs: maxTokenLifetime,
      log: url === undefined ? undefined : { url, heartbeatWaitMs, tokenFile, dangerouslyAllowHttp },
      sidecar: sidecar && { ...sidecar, tokenFile, dangerouslyAllowHttp, timeoutMs },
      issuer: issuerOf(options, world),
      receiver: receiver === undefined ? undefined : { url: receiver, timeoutMs },
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

function issuerOf(options: DoctorOptions, world: World) {
  const { jwksUri, dangerouslyAllowHttp: allowHttp = false, timeout: timeoutMs } = options;
  const issuer = readIssuer(options, world);
  if (issuer === undefined) {
    if (jwksUri !== undefined) throw new UsageError('--jwks-uri: expected --issuer with it');
    return undefined;
  }
  if (!allowHttp && [issuer, jwksUri].some((url) => url?.startsWith('http:'))) {
    throw new UsageError('--issuer: expected https; over plain http an attacker on the network can replace the keys');
  }
  return { issuer, jwksUri, allowHttp, timeoutMs };
}
