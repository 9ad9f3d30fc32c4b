import type { IncomingMessage } from 'node:http';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { Clock } from '../../clock.ts';
import { decodeEvent } from '../../codec/event.ts';
import { encodeReport } from '../../codec/report.ts';
import {
  type FeedBatch,
  type FeedConnection,
  type FeedEntry,
  FeedError,
  FeedGap,
  type FeedPosition,
} from '../../log/feed.ts';
import { mayLeave, type Reader } from '../../log/reader.ts';
import { Reporter, type SendReport } from '../../replication/reporter.ts';
import type { HttpSource } from '../../sources/source.ts';
import { readBootId } from '../../system-clock.ts';
import { decodeProof, formatPosition, parsePosition, paths, streamEvents } from '../wire/wire.ts';
import { get, type HttpClient, post } from './client.ts';
import { FreshQuestion } from './fresh-question.ts';
import { http, https } from './node-http.ts';
import { fetchSnapshot, inTurns, type Snapshot } from './snapshot.ts';

/** Characters of one event. A sidecar of the last release sends none with a tenth of it. */
const maxEventLength = 1_048_576;
/** Milliseconds for a last report. */
const farewellMs = 500;

export interface ConnectOptions {
  readonly source: HttpSource;
  readonly clock: Clock;
  /** Path of a file whose first line is the bearer token; read at every request. */
  readonly tokenFile?: string;
  readonly signal: AbortSignal;
  readonly reader: Reader;
  readonly maxRules?: number;
}

/** Connects to a sidecar of the last release: server-sent events down, one POST a report up. @throws FeedError */
export async function connectToLastRelease(options: ConnectOptions): Promise<FeedConnection> {
  const { source, clock, tokenFile, signal, reader, maxRules } = options;
  const closed = new AbortController();
  const client: HttpClient = {
    source,
    signal: AbortSignal.any([signal, closed.signal]),
    reader: reader.id,
    tokenFile,
    maxRules,
  };
  const bootId = source.sameHost ? readBootId() : '';
  const { Agent } = source.tls === undefined ? http : https;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const reporter = new Reporter(clock, reader, reportTo({ ...client, agent }));
  const close = () => {
    reporter.close();
    closed.abort();
    agent.destroy();
    // Only a reader that stops in order leaves; one that vanished is waited for until it cannot be fresh.
    if (signal.aborted && mayLeave(reader)) void leave({ ...client, signal: AbortSignal.timeout(farewellMs) });
  };
  try {
    // Before anything is read: the sidecar must count each reader that is fresh.
    await reporter.join();
  } catch (error) {
    close();
    throw error;
  }
  return openConnection({ client, clock, bootId, reporter, close });
}

interface OpenConnection {
  readonly client: HttpClient;
  readonly clock: Clock;
  readonly bootId: string;
  readonly reporter: Reporter;
  readonly close: () => void;
}

function openConnection({ client, clock, bootId, reporter, close }: OpenConnection): FeedConnection {
  let snapshot: Snapshot | undefined;
  return {
    lifts: 'take',
    async position() {
      snapshot ??= await fetchSnapshot(client, clock);
      return snapshot.position;
    },
    async *snapshot() {
      const pages = snapshot?.pages ?? [];
      if (snapshot !== undefined) snapshot.pages = [];
      yield* inTurns(pages, clock);
    },
    tail: (from) => readTail({ client, clock, bootId, from }),
    acknowledge: (position) => reporter.reached(position),
    close,
  };
}

function reportTo(client: HttpClient): SendReport {
  return async (reader, position) => {
    const { revision = 0 } = reader;
    const report = encodeReport({ reader: reader.id, replicas: [...reader.progress(position)] });
    const response = await post(client, paths.acks, report);
    response.resume();
    if (response.statusCode !== 204) {
      throw new FeedError('refused', `${client.source.name} answered ${response.statusCode} to a report`);
    }
    // It answers for itself and not for what is upstream of it: more cannot be had from that release.
    reader.accepted?.(revision);
    return undefined; // the sidecar's proofs tell the time
  };
}

async function leave(client: HttpClient): Promise<void> {
  try {
    const response = await post(client, paths.acks, encodeReport({ reader: client.reader ?? '', replicas: [] }));
    response.resume();
  } catch {
    // There is no reader to say it to: its silence shows that it is gone.
  }
}

interface Tail {
  readonly client: HttpClient;
  readonly clock: Clock;
  readonly bootId: string;
  readonly from: FeedPosition;
}

async function* readTail({ client, clock, bootId, from }: Tail): AsyncIterable<FeedBatch> {
  const response = await openEvents(client, from.cursor);
  const question = new FreshQuestion(client, clock);
  const messages: EventSourceMessage[] = [];
  let problem: Error | undefined;
  const parser = createParser({
    maxBufferSize: maxEventLength,
    onEvent: (message) => messages.push(message),
    onError(error) {
      problem ??= error.type === 'max-buffer-size-exceeded' ? error : undefined;
    },
  });
  response.setEncoding('utf8');
  let cursor = from.cursor;
  for await (const chunk of response) {
    parser.feed(String(chunk));
    if (problem !== undefined) {
      const found = `expected events of at most ${maxEventLength} characters, found a longer one`;
      throw new FeedError('protocol', `${client.source.name}: ${found}`, { cause: problem });
    }
    const entries: FeedEntry[] = [];
    let batch: Omit<FeedBatch, 'entries'> = {};
    for (const message of messages.splice(0)) {
      if (message.event === streamEvents.goodbye) return;
      if (message.event === streamEvents.rule) {
        const entry = readEntry(message);
        cursor = entry.cursor;
        entries.push(entry);
      }
      if (message.event === streamEvents.proof) {
        const { provenAtMs, bootId: sender, ...times } = decodeProof(message.data);
        const { heartbeatLoggedAtMs, logAtProofMs } = times;
        const comparable = bootId !== '' && sender === bootId;
        // The other clock says nothing here: ask for the age instead, at most once at a time.
        if (!comparable) question.ask();
        batch = {
          ...(comparable ? { provenAtMs } : {}),
          ...(heartbeatLoggedAtMs === undefined ? {} : { heartbeatLoggedAtMs }),
          // Two clocks read at one moment by the sidecar: exact, whenever we come to read it.
          ...(comparable && logAtProofMs !== undefined
            ? { logTime: { logMs: logAtProofMs, monotonicMs: provenAtMs, roundTripMs: 1 } }
            : {}),
        };
      }
    }
    yield { entries, ...batch, ...question.answerFor(cursor) };
  }
  throw new FeedError('closed', `${client.source.name} ended the event stream`);
}

async function openEvents(client: HttpClient, cursor: string): Promise<IncomingMessage> {
  const response = await get(client, paths.events, { 'last-event-id': cursor, accept: 'text/event-stream' });
  if (response.statusCode === 200) return response;
  response.resume();
  if (response.statusCode === 410)
    throw new FeedGap('position_lost', `${client.source.name} no longer has our position`);
  throw new FeedError('refused', `${client.source.name} answered ${response.statusCode} to its event stream`);
}

function readEntry(message: EventSourceMessage): FeedEntry {
  const position = parsePosition(message.id ?? '');
  const event = decodeEvent(message.data);
  if (position === undefined || event?.kind !== 'rule') {
    throw new FeedGap('unreadable', 'an event of the sidecar cannot be read');
  }
  const { feed, n } = position;
  const head = formatPosition(position);
  return { prev: formatPosition({ feed, n: n - 1 }), head, cursor: head, change: event };
}
