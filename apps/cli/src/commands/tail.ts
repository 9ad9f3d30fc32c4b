import { type Change, digestToHex, FeedError, openReplica, randomHex } from '@revocast/denylist/replica';
import type { Command } from 'commander';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type Paint, paintFor } from '../paint.ts';
import { duration, wholeNumber } from '../parse-argument.ts';
import { printable } from '../printable.ts';
import { withProgress } from '../progress.ts';
import { addSourceOptions, openNamedSource, type SourceOptions } from '../source-options.ts';
import type { World } from '../world.ts';

interface TailOptions extends SourceOptions {
  readonly count?: number;
  readonly for?: number;
  readonly timeout: number;
  readonly json?: boolean;
}

export function addTail(program: Command): Command {
  const command = program
    .command('tail')
    .summary('follow the log, one line for each event')
    .description(
      'Prints each new revocation and lift until it is interrupted. It does not count as a replica, so no publisher waits for it.',
    );
  addSourceOptions(command, 'the log, or a sidecar that follows it')
    .option('--count <count>', 'end after this many events', wholeNumber('a count', [1, 1e9]))
    .option('--for <duration>', 'end after this long', duration([1, 86_400_000]))
    .option('--timeout <duration>', 'how long the first connection may take', duration([100, 60_000]), 5000)
    .option('--json', 'print one JSON object a line: events, and changes of freshness');
  return command.addHelpText(
    'after',
    `
Examples:
  $ revocast tail
  $ REVOCAST_SOURCE_FILE=redis-url.txt revocast tail --json | jq 'select(.reason == "credential_leak")'
  $ revocast tail --for 10m --count 100`,
  );
}

/** Follows the log until interrupted or done. A lost connection is opened again. */
export async function tail(options: TailOptions, world: World): Promise<ExitCode> {
  const { count = Number.POSITIVE_INFINITY, timeout, json = false } = options;
  const { clock, random, interrupted, stdout, stderr, environment } = world;
  const source = await openNamedSource(options, world);
  const done = new AbortController();
  const ended = AbortSignal.any([interrupted, done.signal]);
  const paint = paintFor(stdout, environment);
  const connected = new AbortController();
  let lastFailure: unknown;
  let seen = 0;
  const replica = openReplica({
    feed: source.feed,
    clock,
    random,
    // This reader has no replicas, so no publisher waits for it.
    reader: { id: randomHex(8), progress: () => [] },
    observer: {
      connected: () => connected.abort(),
      connectionFailed(error) {
        lastFailure = error;
      },
      freshnessChanged({ state, cause }) {
        if (json) stdout.write(`${JSON.stringify({ kind: 'freshness', state, cause })}\n`);
        else stderr.write(`-- ${state}${cause === undefined ? '' : ` (${cause})`}\n`);
      },
      changeApplied(change, _result, appliedAtMs) {
        // Rules of the snapshot have no log time: they were revoked before this command started.
        if (change.loggedAtMs === undefined || seen >= count) return;
        seen += 1;
        stdout.write(json ? `${JSON.stringify(eventOf(change, appliedAtMs))}\n` : lineOf(change, appliedAtMs, paint));
        if (seen >= count) done.abort();
      },
    },
  });
  try {
    await withProgress(world, source.name, clock.sleep(timeout, AbortSignal.any([connected.signal, ended])));
    if (!connected.signal.aborted && !ended.aborted) {
      throw lastFailure ?? new FeedError('timeout', `${source.name}: no answer in time`);
    }
    do await clock.sleep(options.for ?? 86_400_000, ended);
    while (options.for === undefined && !ended.aborted);
    return exitCodes.ok;
  } finally {
    await replica.close();
    await source.close();
  }
}

/** An event as it is printed. Values are digests, so it identifies no user; the actor is the operator. */
function eventOf({ digest, rule, loggedAtMs, details }: Change, appliedAtMs: number | undefined) {
  return {
    kind: details?.kind ?? 'revoke',
    ...details,
    loggedAtMs,
    latencyMs:
      appliedAtMs === undefined || loggedAtMs === undefined
        ? undefined
        : Math.max(0, Math.round(appliedAtMs - loggedAtMs)),
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
    // A publisher can put any text into an actor.
    ...(actor === undefined ? [] : [`actor=${JSON.stringify(printable(actor))}`]),
    `id=${(id ?? '-').replace(/[^\x21-\x7e]/g, '?')}`,
    `digest=${digest.slice(0, 8)}`,
    ...(latencyMs === undefined ? [] : [`${latencyMs} ms`]),
  ];
  return `${fields.join(' ')}\n`;
}
