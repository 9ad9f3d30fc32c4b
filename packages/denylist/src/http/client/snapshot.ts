import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import { type DecodedSnapshot, SnapshotReader } from '../../codec/snapshot-reader.ts';
import { FeedError, type FeedPosition, logTimeSample } from '../../log/feed.ts';
import { afterTurn } from '../../system-clock.ts';
import { formatPosition, logNowHeader, paths } from '../wire/wire.ts';
import { get, type HttpClient } from './client.ts';

/** A sidecar sends few snapshots at once: for the others nothing comes for a while. */
const queueTimeoutMs = 30_000;
/** Node reads on for as long as data has come. After this time the process turns to its other work first. */
const longestTurnMs = 4;

export interface Snapshot {
  readonly position: FeedPosition;
  /** Given up once they are read. */
  pages: Iterable<Uint32Array>;
}

/** The pages, as many in each turn of the event loop as are merged in {@link longestTurnMs}. */
export async function* inTurns(pages: Iterable<Uint32Array>, clock: Clock): AsyncGenerator<Uint32Array> {
  // What was prepared for them in this turn may have taken some time, too.
  await nextTurn();
  let endsAtMs = clock.monotonicMs() + longestTurnMs;
  for (const page of pages) {
    yield page;
    if (clock.monotonicMs() < endsAtMs) continue;
    await nextTurn();
    endsAtMs = clock.monotonicMs() + longestTurnMs;
  }
}

/** Position and rows come in one answer, taken in one tick: both heads of the synchronisation are the same. */
export async function fetchSnapshot(client: HttpClient, clock: Clock): Promise<Snapshot> {
  const sentAtMs = clock.monotonicMs();
  const response = await get({ ...client, timeoutMs: queueTimeoutMs }, paths.snapshot);
  const answeredAtMs = clock.monotonicMs();
  if (response.statusCode !== 200) {
    response.resume();
    throw new FeedError('not_ready', `${client.source.name} answered ${response.statusCode} to a snapshot`);
  }
  const { header, pages } = await readSnapshot(response, client, clock);
  const head = formatPosition(header);
  const logNow = Number(response.headers[logNowHeader] ?? Number.NaN);
  return {
    pages,
    position: {
      epoch: header.epoch,
      head,
      cursor: head,
      rules: header.rows,
      healing: false, // a sidecar whose log is healing sends no proof
      maxTokenLifetimeSeconds: header.maxTokenLifetimeSeconds,
      cutoffSkewSeconds: header.cutoffSkewSeconds,
      minReader: 1,
      logTime: Number.isFinite(logNow) ? logTimeSample(logNow, sentAtMs, answeredAtMs) : undefined,
    },
  };
}

/** @throws FeedError when it is not whole, or the link breaks. */
async function readSnapshot(
  response: IncomingMessage,
  { source: { name }, maxRules }: HttpClient,
  clock: Clock,
): Promise<DecodedSnapshot> {
  const reader = new SnapshotReader(maxRules);
  let turnEndsAtMs: number | undefined;
  const beginTurn = () => {
    afterTurn(() => {
      turnEndsAtMs = undefined;
      if (response.isPaused()) response.resume();
    });
    return clock.monotonicMs() + longestTurnMs;
  };
  // Not by `for await`, which first copies all that has arrived into one buffer.
  response.on('data', (chunk: Uint8Array) => {
    turnEndsAtMs ??= beginTurn();
    reader.add(chunk);
    if (reader.problem !== undefined) response.destroy();
    else if (clock.monotonicMs() >= turnEndsAtMs) response.pause();
  });
  try {
    await finished(response);
  } catch (error) {
    if (reader.problem === undefined) throw error;
  }
  const decoded = reader.end();
  if (typeof decoded === 'string') throw new FeedError('protocol', `${name}: ${decoded}`);
  return decoded;
}
