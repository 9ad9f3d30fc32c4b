import { createPublisher, type EnforcedEverywhere, type Published, type Publisher } from '@revocast/denylist';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { paintFor } from '../paint.ts';
import { withProgress } from '../progress.ts';
import { defaultSidecar, readSourceUrl, readTokenFile, refuseEmbedded, type SourceOptions } from '../source-options.ts';
import type { World } from '../world.ts';

/** What `revoke` and `lift` share beside their target. */
export interface PublishCommandOptions extends SourceOptions {
  readonly id?: string;
  readonly redisReplicas?: number;
  /** Milliseconds to wait for every replica. */
  readonly wait?: number;
  /** However many broad revocations there were within a minute. */
  readonly yes?: boolean;
  readonly json?: boolean;
}

export interface Statement {
  readonly kind: 'revoke' | 'lift';
  /** What it is about, for people; no value of a claim. */
  readonly about: string;
  say(publisher: Publisher, options: { readonly id?: string; readonly redisReplicas?: number }): Promise<Published>;
}

/**
 * Logs one statement and, when asked to, waits until every replica has applied it.
 *
 * @returns `problem` when somebody has not applied it in time. @throws LogError, ConfigurationError
 */
export async function publish(statement: Statement, options: PublishCommandOptions, world: World): Promise<ExitCode> {
  const { id, redisReplicas, wait, yes = false, json = false } = options;
  const url = refuseEmbedded(readSourceUrl(options, world) ?? defaultSidecar);
  const tokenFile = readTokenFile(options, world);
  const { clock } = world;
  const publisher = await createPublisher(url, {
    clock,
    tokenFile,
    ...(yes ? { broadRulesPerMinute: Number.POSITIVE_INFINITY } : {}),
  });
  try {
    const published = await withProgress(
      world,
      'the log',
      statement.say(publisher, {
        id,
        redisReplicas,
      }),
    );
    const enforced =
      wait === undefined
        ? undefined
        : await withProgress(world, 'every replica', published.enforcedEverywhere({ timeoutMs: wait }));
    world.stdout.write(
      json ? asJson(statement, published, enforced) : asText(statement, { published, enforced, world }),
    );
    return enforced === undefined || enforced.everywhere ? exitCodes.ok : exitCodes.problem;
  } finally {
    await publisher.close();
  }
}

function asJson({ kind }: Statement, published: Published, enforced: EnforcedEverywhere | undefined): string {
  const { id, epoch, loggedAtMs, redisReplicas } = published;
  return `${JSON.stringify({ kind, id, epoch, loggedAtMs, redisReplicas, enforced })}\n`;
}

interface Result {
  readonly published: Published;
  readonly enforced: EnforcedEverywhere | undefined;
  readonly world: World;
}

function asText({ kind, about }: Statement, { published, enforced, world }: Result): string {
  const paint = paintFor(world.stdout, world.environment);
  const { id, loggedAtMs, redisReplicas } = published;
  const copies = redisReplicas === 1 ? '1 redis replica' : `${redisReplicas} redis replicas`;
  const lines = [
    `${paint('green', kind === 'revoke' ? 'revoked' : 'lifted')} ${about}`,
    `  id ${id}, logged at ${new Date(loggedAtMs).toISOString()}, confirmed by ${copies}`,
  ];
  if (enforced !== undefined) lines.push(`  ${describe(enforced, paint)}`);
  return `${lines.join('\n')}\n`;
}

function describe(enforced: EnforcedEverywhere, paint: ReturnType<typeof paintFor>): string {
  const { everywhere, enforced: count, expected, expired, failOpen, missing, ms } = enforced;
  const others = [
    ...(expired === 0 ? [] : [`${expired} silent and no longer fresh`]),
    ...(failOpen === 0 ? [] : [`${failOpen} accept while unsure`]),
  ];
  const figures = `${[`${count} of ${expected} replicas`, ...others].join(', ')}, ${Math.round(ms)} ms`;
  if (everywhere) return `${paint('green', 'enforced everywhere')}: ${figures}`;
  const who = missing.length === 0 ? 'nobody can tell' : `missing ${missing.join(', ')}`;
  return `${paint('yellow', 'not known to be enforced everywhere')}: ${figures}; ${who}`;
}
