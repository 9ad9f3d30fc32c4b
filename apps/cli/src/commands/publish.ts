import {
  createPublisher,
  type EnforcedEverywhere,
  type IssuerTrust,
  type Published,
  type Publisher,
} from '@revocast/denylist';
import type { Command } from 'commander';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { duration, wholeNumber } from '../options/parse-argument.ts';
import {
  addSourceOptions,
  defaultSidecar,
  readSourceUrl,
  readTokenFile,
  type SourceOptions,
} from '../options/source-options.ts';
import { type Paint, paintFor } from '../output/paint.ts';
import { printable } from '../output/printable.ts';
import { withProgress } from '../output/progress.ts';
import type { World } from '../world.ts';

/** The options of `revoke` and `lift` that do not name a target. */
export interface PublishOptions extends SourceOptions {
  readonly id?: string;
  readonly actor?: string;
  readonly redisReplicas?: number;
  /** Milliseconds to wait for every replica. */
  readonly wait?: number;
  /** Ignores the limit of broad revocations a minute. */
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** @param eventId the flag for the id of the event. */
export function addPublishOptions(command: Command, eventId: '--id' | '--lift-id'): Command {
  command
    .option('--actor <name>', 'the operator, for the audit trail: 1–128 printable characters')
    .option(`${eventId} <id>`, 'the id of the event: a retry with the same id within a day applies once')
    .option(
      '--redis-replicas <count>',
      'how many redis replicas must confirm (default: all)',
      wholeNumber('a count', [0, 100]),
    )
    .option('--wait <duration>', 'wait at most this long until every replica has applied it', duration([1, 60_000]))
    .option('--json', 'print one JSON object');
  return addSourceOptions(command, 'the log, or a sidecar that writes to it');
}

export interface Statement {
  readonly kind: 'revoke' | 'lift';
  /** For people, such as `a session`. Contains no claim value. */
  readonly about: string;
  /** Of a lift: whether there was a denial to end; undefined when it is unknown. */
  readonly wasDenied?: boolean;
  log(publisher: Publisher, options: { readonly id?: string; readonly redisReplicas?: number }): Promise<Published>;
}

/**
 * Logs one statement. With `wait`, also waits until every replica has applied it.
 *
 * @returns `problem` when a replica has not applied it in time. @throws LogError, ConfigurationError
 */
export async function publish(statement: Statement, options: PublishOptions, world: World): Promise<ExitCode> {
  const { id, redisReplicas, wait, yes = false, json = false } = options;
  const publisher = await createPublisher(readSourceUrl(options, world) ?? defaultSidecar, {
    clock: world.clock,
    tokenFile: readTokenFile(options, world),
    dangerouslyAllowHttp: options.dangerouslyAllowHttp,
    // The result is printed, with its eviction policy.
    observer: { warned: () => {} },
    broadRulesPerMinute: yes ? Number.POSITIVE_INFINITY : undefined,
  });
  try {
    const published = await withProgress(world, 'the log', statement.log(publisher, { id, redisReplicas }));
    const enforced =
      wait === undefined
        ? undefined
        : await withProgress(world, 'every replica', published.enforcedEverywhere({ timeoutMs: wait }));
    const issuerTrustedBy =
      statement.kind === 'lift' ? undefined : (enforced?.issuerTrustedBy ?? (await published.issuerTrustedBy()));
    const result = { ...statement, ...published, enforced, issuerTrustedBy };
    world.stdout.write(json ? formatJson(result) : formatText(result, paintFor(world.stdout, world.environment)));
    return enforced?.everywhere === false ? exitCodes.problem : exitCodes.ok;
  } finally {
    await publisher.close();
  }
}

type Result = Statement &
  Omit<Published, 'issuerTrustedBy'> & {
    readonly enforced?: EnforcedEverywhere;
    /** Of a revocation. */
    readonly issuerTrustedBy?: IssuerTrust;
  };

function formatJson(result: Result): string {
  const { kind, id, epoch, loggedAtMs, redisReplicas, evictionPolicy, wasDenied, issuerTrustedBy, enforced } = result;
  return `${JSON.stringify({ kind, id, epoch, loggedAtMs, redisReplicas, evictionPolicy, wasDenied, issuerTrustedBy, enforced })}\n`;
}

function formatText(result: Result, paint: Paint): string {
  const { kind, about, id, loggedAtMs, redisReplicas, evictionPolicy, wasDenied, issuerTrustedBy, enforced } = result;
  const count = redisReplicas ?? 'an unknown number of';
  const copies = redisReplicas === 1 ? '1 redis replica' : `${count} redis replicas`;
  const lines = [
    `${paint('green', kind === 'revoke' ? 'revoked' : 'lifted')} ${about}`,
    `  id ${id}, logged at ${new Date(loggedAtMs).toISOString()}, confirmed by ${copies}`,
    ...(evictionPolicy === 'unsafe'
      ? [paint('yellow', '  this Redis may evict revocations: set maxmemory-policy noeviction')]
      : []),
    ...(wasDenied === false
      ? [paint('yellow', '  it was not denied, so this lift changes nothing; a cutoff cannot be lifted')]
      : []),
    ...(issuerTrustedBy === 'none'
      ? [
          paint('yellow', '  no verifier that follows this log trusts this issuer'),
          '  fix: give exactly the `iss` of the tokens, with or without a slash at its end',
        ]
      : []),
    ...(enforced === undefined ? [] : [`  ${describeEnforcement(enforced, paint)}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function describeEnforcement(enforcement: EnforcedEverywhere, paint: Paint): string {
  const { everywhere, enforced, expected, expired, failOpen, missing, ms } = enforcement;
  const figures = [
    `${enforced} of ${expected} replicas`,
    ...(expired === 0 ? [] : [`${expired} unreachable and no longer fresh`]),
    ...(failOpen === 0 ? [] : [`${failOpen} accept tokens while not fresh`]),
    `${Math.round(ms)} ms`,
  ].join(', ');
  if (everywhere) return `${paint('green', 'enforced everywhere')}: ${figures}`;
  const cause = missing.length === 0 ? 'no replica is known' : `missing ${missing.map(printable).join(', ')}`;
  return `${paint('yellow', 'not known to be enforced everywhere')}: ${figures}; ${cause}`;
}
