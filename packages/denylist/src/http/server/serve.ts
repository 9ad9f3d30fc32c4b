import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import { encodeSnapshot } from '../../codec/snapshot.ts';
import type { RevocationLog } from '../../log/revocation-log.ts';
import type { Proof } from '../../replication/freshness.ts';
import type { Replica } from '../../replication/open-replica.ts';
import type { Change } from '../../rules/event.ts';
import { defaultMaxTokenLifetimeSeconds } from '../../rules/rule.ts';
import { defaultMaxBufferedBytes, EventStream } from '../client/event-stream.ts';
import { readBootId } from '../wire/boot-id.ts';
import {
  encodeProof,
  formatPosition,
  keepAliveMs,
  logNowHeader,
  parsePosition,
  paths,
  readerHeader,
  streamEvents,
} from '../wire/wire.ts';
import { answer } from './answer.ts';
import { Journal } from './journal.ts';
import { Readers } from './readers.ts';
import { receiveReport } from './receive-report.ts';
import { answerDenial, answerEnforcement, receiveRevocation } from './receive-revocation.ts';
import { type CountUsage, createUsageReceiver } from './receive-usage.ts';

export interface FeedServerOptions {
  readonly replica: Replica;
  /** Where `POST /v1/revocations` goes; without one it answers 404. */
  readonly log?: RevocationLog;
  /** Where `POST /v1/usage` goes; without one it answers 404. */
  readonly countUsage?: CountUsage;
  readonly clock: Clock;
  /** Who reads this server; given when the replica reports them upstream. */
  readonly readers?: Readers;
  /** Changes kept for readers that resume; default 10,000. */
  readonly journalEntries?: number;
  /** Bytes waiting for one reader before it is cut; default 1 MiB. */
  readonly maxBufferedBytes?: number;
}

export interface FeedServer {
  /** Answers the paths of `wire.ts`; false when the request is for none of them. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  /** `behind`: changes that the slowest of them has not reported as applied. */
  clients(): { readonly count: number; readonly cut: number; readonly behind: number };
  /** Tells every reader to go elsewhere; they resume by position. */
  sayGoodbye(): void;
  close(): void;
}

/** Who asks; undefined for a header that is no name of ours. */
function readerOf(request: IncomingMessage): string | undefined {
  const name = request.headers[readerHeader];
  return typeof name === 'string' && name.length <= 64 ? name : undefined;
}

/** A socket that takes everything at once would have a snapshot encoded in one go, and live changes wait for it. */
async function* inTurns(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    yield piece;
    await nextTurn();
  }
}

/** The sidecar's side of the wire: the log of *its denylist*. Who may call is the listener's business. */
export function createFeedServer(options: FeedServerOptions): FeedServer {
  const { replica, log, clock, journalEntries = 10_000, maxBufferedBytes = defaultMaxBufferedBytes } = options;
  const { denylist, freshness, logClock } = replica;
  const { readers = new Readers(clock, randomBytes(8).toString('hex')) } = options;
  const receiveUsage = options.countUsage && createUsageReceiver(options.countUsage);
  const journal = new Journal(readers.id, journalEntries);
  const stream = new EventStream(maxBufferedBytes);
  let bootId = '';
  void readBootId().then((id) => {
    bootId = id;
  });

  const record = (change: Change) => {
    const receivedAtMs = logClock.nowMs();
    // Only the first process on the way stamps the receipt; a relay's stamp stays.
    const stamped =
      change.loggedAtMs === undefined || change.receivedAtMs !== undefined || receivedAtMs === undefined
        ? change
        : { ...change, receivedAtMs: Math.round(receivedAtMs) };
    stream.send(journal.record(stamped));
  };
  // Numbering begins with the first request for a position: before that nobody holds one, and the sidecar's own first
  // snapshot of a million rules would be a million events for no one.
  let stopChanges: (() => void) | undefined;
  const isNumbering = () => {
    if (freshness.everComplete) stopChanges ??= denylist.onChange(record);
    return stopChanges !== undefined;
  };
  const noteReached = (reader: string) => {
    const reached = readers.reached(reader);
    if (reached !== undefined) stream.reached(reader, reached);
  };
  const stopReports = readers.onProgress(noteReached);
  const stopMarks = replica.onPosition((position) => {
    // A batch is applied: those that have yet to apply it come before all that is noted of it here.
    stream.flush();
    readers.mark(journal.n, position);
  });
  const proofFrame = ({ provenAtMs, heartbeatLoggedAtMs }: Proof) => {
    const logNowMs = logClock.nowMs();
    const logAtProofMs = logNowMs === undefined ? undefined : logNowMs - (clock.monotonicMs() - provenAtMs);
    const data = encodeProof({
      provenAtMs,
      bootId,
      heartbeatLoggedAtMs,
      logAtProofMs,
    });
    return `event: ${streamEvents.proof}\ndata: ${data}\n\n`;
  };
  const stopProofs = freshness.onProof((proof) => {
    // A proof is worth nothing at the cap; what it would vouch for is incomplete.
    if (freshness.isFresh()) stream.sendTo((reader) => readers.mayBeFresh(reader), proofFrame(proof));
  });
  const stop = new AbortController();
  const keepAlive = async () => {
    while (!stop.signal.aborted) {
      await clock.sleep(keepAliveMs, stop.signal);
      stream.send(': quiet\n\n');
    }
  };
  void keepAlive();

  const serveSnapshot = (response: ServerResponse) => {
    if (!isNumbering()) {
      // Half a list looks whole to its reader.
      answer(response, 503, { error: 'not_ready', message: 'the first synchronisation is not complete' });
      return;
    }
    const status = replica.status();
    const logNowMs = logClock.nowMs();
    // Rows and `n` are of the same tick: nothing can come between.
    const table = denylist.snapshot();
    const header = {
      feed: journal.feed,
      n: journal.n,
      epoch: status.epoch ?? '0000000000000000',
      maxTokenLifetimeSeconds: status.maxTokenLifetimeSeconds ?? defaultMaxTokenLifetimeSeconds,
    };
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'cache-control': 'no-store',
      ...(logNowMs === undefined ? {} : { [logNowHeader]: logNowMs.toFixed(3) }),
    });
    Readable.from(inTurns(encodeSnapshot(header, table)), { objectMode: false, highWaterMark: 256 * 1024 })
      .on('error', () => response.destroy())
      .pipe(response);
  };
  const serveEvents = (request: IncomingMessage, response: ServerResponse) => {
    const asked = request.headers['last-event-id'];
    const from = typeof asked === 'string' ? parsePosition(asked) : undefined;
    const backlog = isNumbering() && from?.feed === journal.feed ? journal.since(from.n) : undefined;
    if (backlog === undefined) {
      answer(response, 410, {
        error: 'position_lost',
        message: `take ${paths.snapshot}, then resume from its position`,
      });
      return;
    }
    const { provenAtMs } = freshness;
    const reader = readerOf(request);
    const mayProve = provenAtMs !== undefined && freshness.isFresh() && readers.mayBeFresh(reader);
    stream.add(response, reader, mayProve ? [...backlog, proofFrame({ provenAtMs })] : backlog);
    if (reader !== undefined) noteReached(reader);
  };
  const serveFresh = (request: IncomingMessage, response: ServerResponse) => {
    const { provenAtMs } = freshness;
    const reader = readerOf(request);
    // A person with curl names no reader and is told; a reader that stopped reporting is not.
    const silent = reader !== undefined && !readers.mayBeFresh(reader);
    if (provenAtMs === undefined || !freshness.isFresh() || silent || !isNumbering()) {
      answer(response, 503, {
        error: 'not_fresh',
        message: 'the sidecar is not fresh, or this reader does not report',
      });
      return;
    }
    const logNowMs = logClock.nowMs();
    answer(response, 200, {
      position: formatPosition({ feed: journal.feed, n: journal.n }),
      ageMs: clock.monotonicMs() - provenAtMs,
      logNowMs,
    });
  };

  return {
    handle(request, response) {
      const path = request.url?.split('?', 1)[0];
      const { method } = request;
      if (path === paths.revocations && method === 'POST' && log !== undefined) {
        void receiveRevocation(request, response, log);
      } else if (path === paths.acks && method === 'POST') void receiveReport(request, response, readers);
      else if (path === paths.usage && method === 'POST' && receiveUsage !== undefined) {
        void receiveUsage(request, response);
      } else if (method !== 'GET') return false;
      else if (path === paths.snapshot) serveSnapshot(response);
      else if (path === paths.events) serveEvents(request, response);
      else if (path === paths.revocations && log !== undefined) void answerDenial(request, response, log);
      else if (path === paths.enforcement && log !== undefined) void answerEnforcement(request, response, log);
      else if (path === paths.fresh) serveFresh(request, response);
      else return false;
      return true;
    },
    clients: () => {
      const { size: count, cut, slowest = journal.n } = stream;
      return { count, cut, behind: Math.max(0, journal.n - slowest) };
    },
    sayGoodbye() {
      stream.end(`event: ${streamEvents.goodbye}\ndata: 1\n\n`);
    },
    close() {
      stop.abort();
      stopChanges?.();
      stopProofs();
      stopReports();
      stopMarks();
      stream.end('');
    },
  };
}
