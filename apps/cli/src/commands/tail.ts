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
import { duration, durationOption, sinceTime, wholeNumber } from '../options/parse-argument.ts';
import { addSourceOptions, openNamedSource, type SourceOptions } from '../options/source-options.ts';
import { type Paint, paintFor } from '../output/paint.ts';
import { printable } from '../output/printable.ts';
import { withProgress } from '../output/progress.ts';
import { type PastEvent, readPast } from '../questions/read-past.ts';
import type { World } from '../world.ts';

interface TailOptions extends SourceOptions {
  readonly count?: number;
  readonly for?: number;
  /** Of the present time in Unix milliseconds: the time from which on events are printed. */
  readonly since?: (nowMs: number) => number;
  readonly timeout: number;
  readonly json?: boolean;
}

export function addTail(program: Command): Command {
  const command = program
    .command('tail')
    .summary('follow the log, one line for each event')
    .description(
      'Prints each new revocation and lift until it is interrupted, and with --since those before. It does not count as a ' +
        'replica, so no publisher waits for it.',
    );
  addSourceOptions(command, 'the log, or a sidecar that follows it')
    .option('--count <count>', 'end after this many events', wholeNumber('a count', [1, 1e9]))
    .option(
      '--since <time>',
      'print also the events since then: how long ago (10m), or a time (2026-11-20T12:00:00Z)',
      sinceTime,
    )
    .option('--for <duration>', 'end after this long', duration([1, 86_400_000]))
    .addOption(
      durationOption('--timeout <duration>', 'how long the first connection may take', {
        bounds: [100, 60_000],
        initial: 5000,
      }),
    )
    .option('--json', 'print one JSON object a line: events, and changes of freshness');
  return command.addHelpText(
    'after',
    `
Examples:
  $ revocast tail
  $ REVOCAST_SOURCE_FILE=redis-url.txt revocast tail --json | jq 'select(.reason == "credential_leak")'
  $ revocast tail --since 15m --source redis://redis:6379
  $ revocast tail --for 10m --count 100`,
  );
}

/** Follows the log until interrupted or done. A lost connection is opened again. */
export async function tail(options: TailOptions, world: World): Promise<ExitCode> {
  const { timeout, json = false, since } = options;
  const { clock, random, interrupted, stdout, environment } = world;
  const source = await openNamedSource(options, world);
  const done = new AbortController();
  const ended = AbortSignal.any([interrupted, done.signal]);
  const paint = paintFor(stdout, environment);
  const print = printerOf(
    options,
    () => done.abort(),
    (event) => {
      stdout.write(json ? `${JSON.stringify(event)}\n` : lineOf(event, paint));
    },
  );
  const freshness = printFreshness(json, ended, world);
  const connected = new AbortController();
  let lastFailure: unknown;
  // Until the past is printed, new events wait here, so that all are in order.
  let waiting: PastEvent[] | undefined = since === undefined ? undefined : [];
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
      freshnessChanged: freshness,
      changeApplied(change, _result, appliedAtMs) {
        // Rules of the snapshot have no log time: they were revoked before this command started.
        if (change.loggedAtMs === undefined) return;
        const event = eventOf(change, appliedAtMs);
        if (waiting === undefined) print(event);
        else waiting.push(event);
      },
    },
  });
  try {
    await withProgress(world, source.name, clock.sleep(timeout, AbortSignal.any([connected.signal, ended])));
    if (!connected.signal.aborted && !ended.aborted) {
      throw lastFailure ?? new FeedError('timeout', `${source.name}: no answer in time`);
    }
    if (since !== undefined)
      for (const event of await readPast(source, since(clock.wallMs()), options, world)) print(event);
    for (const event of waiting ?? []) print(event);
    waiting = undefined;
    do await clock.sleep(options.for ?? 86_400_000, ended);
    while (options.for === undefined && !ended.aborted);
    return exitCodes.ok;
  } finally {
    await replica.close();
    await source.close();
  }
}

/** Prints each event once, and at most `count` events. The past and the feed may both have one. */
function printerOf(
  { count = Number.POSITIVE_INFINITY, since }: TailOptions,
  finish: () => void,
  write: (event: PastEvent) => void,
): (event: PastEvent) => void {
  const printed = new Set<string>();
  let seen = 0;
  return (event) => {
    const key = `${event.kind} ${event.digest} ${event.loggedAtMs}`;
    if (seen >= count || printed.has(key)) return;
    // Only with a past can an event come twice; without one nothing is remembered.
    if (since !== undefined && printed.size < maxRemembered) printed.add(key);
    seen += 1;
    write(event);
    if (seen >= count) finish();
  };
}

/** Events of the past that are remembered, to print none twice. */
const maxRemembered = 100_000;
/** A feed that was just opened is stale until its first proof, which is no news. */
const firstProofMs = 5000;

function printFreshness(json: boolean, ended: AbortSignal, { clock, stdout, stderr }: World) {
  let last: FreshnessStatus | undefined;
  let isKnown = false;
  const write = ({ state, cause }: FreshnessStatus) => {
    if (json) stdout.write(`${JSON.stringify({ kind: 'freshness', state, cause })}\n`);
    else stderr.write(`-- ${state}${cause === undefined ? '' : ` (${cause})`}\n`);
  };
  void clock.sleep(firstProofMs, ended).then(() => {
    if (!isKnown && last !== undefined && !ended.aborted) write(last);
    isKnown = true;
  });
  return (status: FreshnessStatus) => {
    last = status;
    isKnown ||= status.state === 'fresh';
    if (isKnown) write(status);
  };
}

/** An event as it is printed. Values are digests, so it identifies no user; the actor is the operator. */
function eventOf({ digest, rule, loggedAtMs = 0, details }: Change, appliedAtMs: number | undefined): PastEvent {
  return {
    kind: details?.kind ?? 'revoke',
    ...details,
    loggedAtMs,
    latencyMs: appliedAtMs === undefined ? undefined : Math.max(0, Math.round(appliedAtMs - loggedAtMs)),
    digest: digestToHex(digest),
    rule,
  };
}

function lineOf(event: PastEvent, paint: Paint): string {
  const { kind, dimension, reason, actor, id, digest, loggedAtMs, latencyMs } = event;
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
