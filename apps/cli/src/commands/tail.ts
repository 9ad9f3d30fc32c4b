import {
  type Change,
  digestToHex,
  FeedError,
  type FreshnessStatus,
  openReplica,
  randomHex,
} from '@revocast/denylist/replica';
import type { Command } from 'commander';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type Paint, paintFor } from '../paint.ts';
import { duration, wholeNumber } from '../parse-argument.ts';
import { withProgress } from '../progress.ts';
import { addSourceOptions, openNamedSource, type SourceOptions } from '../source-options.ts';
import type { World } from '../world.ts';

export interface TailOptions extends SourceOptions {
  readonly count?: number;
  readonly for?: number;
  readonly timeout: number;
  readonly json?: boolean;
}

export function addTail(program: Command): Command {
  const command = program.command('tail').summary('follow the log: one line an event');
  command.description(
    'Prints what is revoked and lifted from now on, until it is interrupted. It counts as no replica: nobody waits for it.',
  );
  addSourceOptions(command, 'the log, or a sidecar that follows it')
    .option('--count <count>', 'end after so many events', wholeNumber('a count', [1, 1e9]))
    .option('--for <duration>', 'end after this long', duration([1, 86_400_000]))
    .option('--timeout <duration>', 'how long the first connection may take', duration([100, 60_000]), 5000)
    .option('--json', 'one JSON object a line: events, and changes of freshness');
  return command.addHelpText(
    'after',
    `
Examples:
  $ revocast tail
  $ REVOCAST_SOURCE_FILE=redis-url.txt revocast tail --json | jq 'select(.reason == "credential_leak")'
  $ revocast tail --for 10m --count 100`,
  );
}

/** Follows until interrupted or done; whatever breaks on the way is dialled again. */
export async function tail(options: TailOptions, world: World): Promise<ExitCode> {
  const { count = Number.POSITIVE_INFINITY, timeout, json = false } = options;
  const { clock, random, interrupted, stdout, stderr } = world;
  const source = await openNamedSource(options, world);
  const done = new AbortController();
  const finish = () => done.abort();
  interrupted.addEventListener('abort', finish, { once: true });
  if (interrupted.aborted) finish();

  const paint = paintFor(stdout, world.environment);
  const connected = new AbortController();
  let lastFailure: unknown;
  let seen = 0;
  const replica = openReplica({
    feed: source.feed,
    clock,
    random,
    // Speaks for no replica: it refuses nothing, so nobody waits for it.
    reader: { id: randomHex(8), progress: () => [] },
    observer: {
      connected: () => connected.abort(),
      connectionFailed(error) {
        lastFailure = error;
      },
      freshnessChanged(status) {
        if (json) stdout.write(`${JSON.stringify(freshnessOf(status))}\n`);
        else stderr.write(`-- ${status.state}${status.cause === undefined ? '' : ` (${status.cause})`}\n`);
      },
      changeApplied(change, _result, appliedAtMs) {
        // What a snapshot brings was revoked before we looked, and says neither when nor why.
        if (change.loggedAtMs === undefined || seen >= count) return;
        seen += 1;
        stdout.write(json ? `${JSON.stringify(eventOf(change, appliedAtMs))}\n` : lineOf(change, appliedAtMs, paint));
        if (seen >= count) finish();
      },
    },
  });
  try {
    await withProgress(world, source.name, clock.sleep(timeout, AbortSignal.any([connected.signal, done.signal])));
    if (!connected.signal.aborted && !done.signal.aborted) {
      throw lastFailure ?? new FeedError('timeout', `${source.name}: no answer in time`);
    }
    if (options.for !== undefined) await clock.sleep(options.for, done.signal);
    else while (!done.signal.aborted) await clock.sleep(86_400_000, done.signal);
    return exitCodes.ok;
  } finally {
    interrupted.removeEventListener('abort', finish);
    await replica.close();
    await source.close();
  }
}

function freshnessOf({ state, cause }: FreshnessStatus) {
  return { kind: 'freshness', state, cause };
}

/** What is told of an event; values are digests, so it names nobody but the actor. */
function eventOf({ digest, rule, loggedAtMs, details }: Change, appliedAtMs: number | undefined) {
  return {
    kind: details?.kind ?? 'revoke',
    ...details,
    loggedAtMs,
    ...(appliedAtMs === undefined || loggedAtMs === undefined
      ? {}
      : { latencyMs: Math.max(0, Math.round(appliedAtMs - loggedAtMs)) }),
    digest: digestToHex(digest),
    rule,
  };
}

function lineOf(change: Change, appliedAtMs: number | undefined, paint: Paint): string {
  const { kind, dimension, reason, actor, id, digest, loggedAtMs = 0, latencyMs } = eventOf(change, appliedAtMs);
  const fields = [
    new Date(loggedAtMs).toISOString(),
    paint(kind === 'lift' ? 'green' : 'yellow', kind.padEnd(6)),
    (dimension ?? '-').padEnd(14),
    `reason=${reason ?? '-'}`,
    // An actor is whatever a publisher wrote; a terminal must not take it for commands.
    ...(actor === undefined ? [] : [`actor=${JSON.stringify(actor.replace(/[^\x20-\x7e]/g, '?'))}`]),
    `id=${(id ?? '-').replace(/[^\x21-\x7e]/g, '?')}`,
    `digest=${digest.slice(0, 8)}`,
    ...(latencyMs === undefined ? [] : [`${latencyMs} ms`]),
  ];
  return `${fields.join(' ')}\n`;
}
