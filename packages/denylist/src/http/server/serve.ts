import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock.ts';
import { disposable, type Undisposed } from '../../disposable.ts';
import type { RevocationLog } from '../../log/revocation-log.ts';
import type { Replica } from '../../replication/open-replica.ts';
import { readBootId } from '../../system-clock.ts';
import { bootIdDigits } from '../wire/boot-id.ts';
import { formatPosition, paths } from '../wire/wire.ts';
import { answer } from './answer.ts';
import { LastReleaseServer, nameOf } from './last-release.ts';
import { NumberedFeed } from './numbered-feed.ts';
import { OwnProofs } from './own-proof.ts';
import { Readers } from './readers/readers.ts';
import { answerDenial, answerEnforcement, receiveRevocation } from './receive-revocation.ts';
import { receiveSeeds } from './receive-seeds.ts';
import { type CountUsage, createUsageReceiver } from './receive-usage.ts';
import { SnapshotServer } from './snapshot-server.ts';
import { StreamServer } from './stream-server.ts';

export interface FeedServerOptions {
  readonly replica: Replica;
  /** The log behind `/v1/revocations`, `/v1/seeds` and `/v1/enforcement`; without it, these paths are not handled. */
  readonly log?: RevocationLog | undefined;
  /** Receives the reports of usage; without it they are refused. */
  readonly countUsage?: CountUsage | undefined;
  readonly clock: Clock;
  /**
   * The readers of this server. Pass the object that the replica was opened with as its `reader`: then a reader gets proofs
   * only after the feed of the replica has accepted its report. Without this option the server keeps its own list, and
   * readers get proofs without that wait.
   */
  readonly readers?: Readers | undefined;
  /** Changes kept for readers that resume; default 10,000. */
  readonly journalEntries?: number | undefined;
  /** Bytes that may wait to be sent to one reader; default 1 MiB. */
  readonly maxBufferedBytes?: number | undefined;
  /** Whether `GET /v1/events` and `POST /v1/acks` serve readers of the release before this one; default true. */
  readonly lastRelease?: boolean | undefined;
}

export interface FeedClients {
  /** Readers that are sent every change. */
  readonly count: number;
  /** Connections of readers, including those that do not follow yet. */
  readonly open: number;
  /** Connections that ended without a closing handshake, or were closed because the reader was too slow. */
  readonly cut: number;
  /** Changes that the slowest replica has not reported as applied. */
  readonly behind: number;
}

export interface FeedServer extends AsyncDisposable {
  /** Answers the paths of `wire.ts`. False when this server does not serve the path or method: nothing is answered. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  /**
   * Takes a request to upgrade to the stream; false when it is for another path.
   *
   * @param isPermitted whether its credential is still valid; asked twice a minute while the stream is open.
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, isPermitted?: () => boolean): boolean;
  clients(): FeedClients;
  /** Tells every reader that this server stops, so that it connects to another one, or again to this one. */
  sayGoodbye(): void;
  close(): void;
}

/** The sidecar's end of the wire: it serves the changes of its own denylist. The listener decides who may call. */
export function createFeedServer(options: FeedServerOptions): FeedServer {
  const { replica, log, clock, journalEntries = 10_000, maxBufferedBytes = 1024 * 1024 } = options;
  const readers = options.readers ?? new Readers({ clock, id: randomBytes(8).toString('hex') });
  if (options.readers === undefined) readers.accepted(Number.POSITIVE_INFINITY);
  const receiveUsage = options.countUsage && createUsageReceiver(options.countUsage);
  const bootId = readBootId();

  const feed = new NumberedFeed({ replica, id: readers.id, journalEntries });
  const proofs = new OwnProofs({
    ...{ replica, feed, clock },
    onProof() {
      stream.prove();
      lastRelease?.prove();
    },
  });
  const shared = { clock, feed, readers, proofs, maxBufferedBytes };
  const stream = new StreamServer({
    ...shared,
    bootId: bootIdDigits(bootId),
    usage: async ({ report }) => receiveUsage?.take(report) ?? 'refused',
  });
  const lastRelease = options.lastRelease === false ? undefined : new LastReleaseServer({ ...shared, bootId });
  const snapshots = new SnapshotServer({ replica, feed, clock });
  const stopMarks = replica.onPosition((position) => {
    // The replica has applied a batch. First its changes are sent to the readers; then the number of the last one is
    // recorded for this position.
    feed.flush();
    readers.mark(feed.n, position);
    stream.welcome();
  });

  const serveFresh = (request: IncomingMessage, response: ServerResponse) => {
    const name = nameOf(request);
    const entry = readers.named(name);
    // A request without a name, as from a person with curl, gets the proof; a reader that does not report gets none.
    const getsNoProof = name !== undefined && (entry === undefined || !readers.mayProve(entry));
    const proof = proofs.current();
    if (proof === undefined || getsNoProof || !feed.isNumbering()) {
      answer(response, 503, {
        error: 'not_fresh',
        message: 'the sidecar is not fresh, or this reader does not report',
      });
      return;
    }
    if (entry !== undefined) readers.proofSent(entry);
    const position = formatPosition({ feed: feed.id, n: feed.n });
    answer(response, 200, { position, ageMs: proof.ageMs, logNowMs: replica.logClock.nowMs() });
  };

  return disposable<Undisposed<FeedServer>>({
    handle(request, response) {
      const path = request.url?.split('?', 1)[0];
      const { method } = request;
      if (path === paths.revocations && method === 'POST' && log !== undefined) {
        void receiveRevocation(request, response, log);
      } else if (path === paths.seeds && method === 'POST' && log !== undefined) {
        void receiveSeeds(request, response, { log, logNowMs: () => replica.logClock.nowMs() });
      } else if (path === paths.usage && method === 'POST' && receiveUsage !== undefined) {
        void receiveUsage.handle(request, response);
      } else if (lastRelease?.handle(request, response)) {
        return true;
      } else if (method !== 'GET') return false;
      else if (path === paths.snapshot) snapshots.handle(response);
      else if (path === paths.stream) askForUpgrade(response);
      else if (path === paths.revocations && log !== undefined) void answerDenial(request, response, log);
      else if (path === paths.enforcement && log !== undefined) void answerEnforcement(request, response, log);
      else if (path === paths.fresh) serveFresh(request, response);
      else return false;
      return true;
    },
    upgrade(request, socket, head, isPermitted = () => true) {
      if (request.url?.split('?', 1)[0] !== paths.stream) return false;
      stream.upgrade(request, socket, head, isPermitted);
      return true;
    },
    clients: () => ({
      count: stream.following + (lastRelease?.size ?? 0),
      open: stream.size + (lastRelease?.size ?? 0),
      cut: stream.cut + (lastRelease?.cut ?? 0),
      behind: Math.max(0, feed.n - (readers.slowest() ?? feed.n)),
    }),
    sayGoodbye() {
      stream.sayGoodbye();
      lastRelease?.sayGoodbye();
    },
    close() {
      feed.close();
      proofs.close();
      stopMarks();
      snapshots.close();
      stream.close();
      lastRelease?.close();
    },
  });
}

/** Answers a request without an upgrade: a proxy has removed it, or the client sent none. RFC 9110 §15.5.22. */
function askForUpgrade(response: ServerResponse): void {
  response.setHeader('upgrade', 'websocket');
  response.setHeader('connection', 'upgrade');
  answer(response, 426, {
    error: 'upgrade_required',
    message: 'expected an upgrade to websocket over HTTP/1.1; a proxy between must pass Upgrade and Connection',
  });
}
