import type { Socket } from 'node:net';
import { type RawData, WebSocket } from 'ws';
import type { AnswerFrame, GoodbyeFrame, HeartbeatFrame, WelcomeFrame } from '../wire/frames/down.ts';
import { FrameError } from '../wire/frames/frame.ts';
import type { ReportFrame } from '../wire/frames/report.ts';
import { decodeUp, type FollowFrame, type JoinFrame, type UpFrame } from '../wire/frames/up.ts';
import type { UsageFrame } from '../wire/frames/usage.ts';
import { type CloseReason, closeCodes, silentLooks } from '../wire/stream.ts';
import type { NumberedFeed } from './numbered-feed.ts';
import type { ReaderConnection, ReaderEntry } from './readers/reader-entry.ts';
import type { Readers } from './readers/readers.ts';

/** What all connections of a server share. */
export interface StreamShared {
  readonly feed: NumberedFeed;
  readonly readers: Readers;
  /** Bytes that may wait for one reader; what comes after is sent when they have left. */
  readonly maxBufferedBytes: number;
  /** The message that carries a frame, in memory that no later one overwrites. */
  encode(frame: WelcomeFrame | HeartbeatFrame | AnswerFrame | GoodbyeFrame): Buffer;
  readonly bootId: string | undefined;
  /** The message with the heartbeat of this moment; undefined while the sidecar has no proof. */
  heartbeat(n: number, echo: number): Buffer | undefined;
  usage(frame: UsageFrame): Promise<AnswerFrame['status']>;
}

/** Looks ({@link StreamConnection.look}) without a `join` after which a connection is closed: 5 s. */
const joinLooks = 10;
/** Looks between two checks of the token: half a minute. */
const tokenLooks = 60;
/**
 * Pings without an answer after which a reader is closed: a minute. Such a reader sends but does not read. One that
 * reads slowly answers only after it has read what waits in the buffers before the ping, and may need that long.
 */
const maxUnansweredPings = 60;

/** Reports that may wait for an answer; a relay sends one for each new replica, and no sidecar holds more replicas. */
export const maxUnanswered = 10_000;

/** The sidecar's end of the stream of one reader: join → welcome → follow, and reports at any time after `join`. */
export class StreamConnection implements ReaderConnection {
  readonly #shared: StreamShared;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #isPermitted: () => boolean;
  #entry: ReaderEntry | undefined;
  #isWelcomed = false;
  /** Number of the last change that was sent; undefined before `follow`. */
  #sent: number | undefined;
  /** While a heartbeat is due: the number of the question that it answers, 0 for none. */
  #heartbeatDue: number | undefined;
  #waitsForDrain = false;
  #isClosing = false;
  readonly #unanswered: { readonly seq: number; readonly revision: number }[] = [];
  #bytesRead = 0;
  #silentLooks = 0;
  #unansweredPings = 0;
  /** The next ping waits for the next heartbeat, at most until the next look: together they wake the reader once. */
  #isPingDue = false;
  /** A heartbeat has been sent since the last look. */
  #hasProven = false;
  #looks = 0;

  constructor(shared: StreamShared, webSocket: WebSocket, socket: Socket, isPermitted: () => boolean) {
    this.#shared = shared;
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#isPermitted = isPermitted;
    webSocket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    webSocket.on('pong', () => {
      this.#unansweredPings = 0;
    });
    webSocket.on('close', () => {
      this.#isClosing = true;
      if (this.#entry !== undefined) this.#shared.readers.disconnected(this.#entry, this);
    });
  }

  /** Whether the reader follows, so that changes and proofs are sent to it. */
  get isFollowing(): boolean {
    return this.#sent !== undefined;
  }

  /** Sends what is due: the welcome, answers, changes, and after them a heartbeat. */
  pump(): void {
    if (this.#isClosing || this.#entry === undefined) return;
    if (!this.#isWelcomed) this.#welcome(this.#entry);
    if (this.#unanswered.length > 0) this.#answer();
    if (!this.#sendChanges() || this.#heartbeatDue === undefined || this.#isFull()) return;
    this.#sendHeartbeat(this.#entry, this.#heartbeatDue);
  }

  /** There is a new proof. `message` has the heartbeat for a reader that was sent every change, up to `n`. */
  prove(message: Buffer, n: number): void {
    if (this.#sent === undefined || this.#isClosing) return;
    this.#heartbeatDue ??= 0;
    if (this.#sent !== n || this.#heartbeatDue !== 0 || this.#entry === undefined) this.pump();
    else if (this.#shared.readers.mayProve(this.#entry) && !this.#isFull()) {
      this.#heartbeatDue = undefined;
      this.#shared.readers.proofSent(this.#entry);
      this.#hasProven = true;
      this.#write(message);
      if (this.#isPingDue) this.#ping();
    }
  }

  /**
   * Called twice a second: drops a silent link, closes a reader that does not join or does not read, and checks the
   * token again. Sends pings, because without their answers the link of an idle reader would be silent.
   */
  look(): void {
    this.#looks += 1;
    const { bytesRead } = this.#socket;
    this.#silentLooks = bytesRead === this.#bytesRead ? this.#silentLooks + 1 : 0;
    this.#bytesRead = bytesRead;
    if (this.#silentLooks >= silentLooks) this.#webSocket.terminate();
    else if (this.#entry === undefined && this.#looks >= joinLooks) this.close('bad_frame');
    else if (this.#looks % tokenLooks === 0 && !this.#isPermitted()) this.close('token_revoked');
    else if (this.#unansweredPings >= maxUnansweredPings) this.close('slow_reader');
    else if (this.#isPingDue || (this.#looks % 2 === 0 && !this.#hasProven)) this.#ping();
    else if (this.#looks % 2 === 0) this.#isPingDue = true;
    this.#hasProven = false;
  }

  #ping(): void {
    this.#isPingDue = false;
    if (this.#isClosing) return;
    this.#unansweredPings += 1;
    this.#webSocket.ping();
  }

  goodbye(): void {
    if (this.#isClosing) return;
    this.#write(this.#shared.encode({ kind: 'goodbye' }));
    this.close('stopping');
  }

  close(reason: CloseReason): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#webSocket.close(closeCodes[reason], reason);
  }

  terminate(): void {
    this.#webSocket.terminate();
  }

  replaced(): void {
    this.close('replaced');
  }

  expired(): void {
    this.close('not_reporting');
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#isClosing) return;
    try {
      const frame = isBinary && Buffer.isBuffer(data) ? decodeUp(data) : undefined;
      if (frame === undefined || (frame.kind !== 'unknown' && !this.#take(frame))) this.close('bad_frame');
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.close('bad_frame');
    }
  }

  /** @returns false when the frame may not come now. */
  #take(frame: UpFrame): boolean {
    if (frame.kind === 'join') return this.#join(frame);
    const entry = this.#entry;
    if (entry === undefined) return false;
    switch (frame.kind) {
      case 'report':
        return this.#report(entry, frame);
      case 'follow':
        return this.#follow(entry, frame);
      case 'ask':
        if (this.#sent === undefined || frame.echo === 0) return false;
        this.#heartbeatDue = frame.echo;
        this.pump();
        return true;
      case 'usage':
        void this.#countUsage(frame);
        return true;
    }
  }

  #join(frame: JoinFrame): boolean {
    if (this.#entry !== undefined) return false;
    this.#entry = this.#shared.readers.join(frame, this);
    if (this.#entry === undefined) this.close('too_many_readers');
    this.pump();
    return true;
  }

  #report(entry: ReaderEntry, { seq, rows }: ReportFrame): boolean {
    const revision = this.#shared.readers.report(entry, rows);
    if (revision === undefined) {
      this.close('too_many_readers');
    } else if (this.#unanswered.length >= maxUnanswered) {
      return false;
    } else if (seq !== 0) {
      this.#unanswered.push({ seq, revision });
      this.#answer();
    }
    // A reader that had not reported for too long gets its heartbeats again.
    if (this.#heartbeatDue !== undefined) this.pump();
    return true;
  }

  #follow(entry: ReaderEntry, { feed, n }: FollowFrame): boolean {
    if (!this.#isWelcomed || this.#sent !== undefined) return false;
    const { feed: own, readers } = this.#shared;
    // Changes that wait for the end of this tick go to the readers that follow already, and into the journal.
    own.flush();
    if (feed !== own.id || !own.journal.covers(n)) {
      this.close('position_lost');
      return true;
    }
    this.#sent = n;
    this.#heartbeatDue = 0;
    readers.follows(entry);
    this.pump();
    return true;
  }

  async #countUsage(frame: UsageFrame): Promise<void> {
    const status = await this.#shared.usage(frame);
    if (this.#isFull()) this.close('slow_reader');
    if (!this.#isClosing) this.#write(this.#shared.encode({ kind: 'answer', seq: frame.seq, status }));
  }

  /** Sends the welcome once everything upstream counts this reader and there is a feed to follow. */
  #welcome(entry: ReaderEntry): void {
    const { readers, feed, bootId, encode } = this.#shared;
    if (!readers.isAccepted(entry.revision) || !feed.isNumbering()) return;
    this.#isWelcomed = true;
    const { identity, secret } = entry;
    this.#write(encode({ kind: 'welcome', feed: feed.id, n: feed.n, identity, secret, bootId }));
  }

  #answer(): void {
    const { readers, encode } = this.#shared;
    for (let next = this.#unanswered[0]; next !== undefined; next = this.#unanswered[0]) {
      if (!readers.isAccepted(next.revision) || this.#isFull()) return;
      this.#unanswered.shift();
      this.#write(encode({ kind: 'answer', seq: next.seq, status: 'accepted' }));
    }
  }

  /**
   * Sends no more while `maxBufferedBytes` wait, so that a reader that stops reading costs no more than that.
   *
   * @returns whether everything was sent.
   */
  #sendChanges(): boolean {
    if (this.#sent === undefined) return false;
    const { journal } = this.#shared.feed;
    while (this.#sent < journal.n) {
      const frame = journal.after(this.#sent);
      // Checked before the buffer, because the buffer of a reader that never reads stays full.
      if (frame === undefined) {
        this.close('slow_reader');
        return false;
      }
      if (this.#isFull()) return false;
      this.#write(frame.message);
      this.#sent = frame.last;
    }
    return true;
  }

  #sendHeartbeat(entry: ReaderEntry, echo: number): void {
    const { readers, heartbeat } = this.#shared;
    if (this.#sent === undefined || !readers.mayProve(entry)) return;
    const message = heartbeat(this.#sent, echo);
    if (message === undefined) return;
    this.#heartbeatDue = undefined;
    readers.proofSent(entry);
    this.#write(message);
  }

  /** Written past the WebSocket, which would make a header and two writes for each reader. */
  #write(message: Buffer): void {
    // It sends nothing more once the reader has closed the connection (RFC 6455 §5.5.1).
    if (this.#webSocket.readyState === WebSocket.OPEN) this.#socket.write(message);
  }

  /** Whether too much waits for this reader. If so, {@link pump} is called when the socket has sent it. */
  #isFull(): boolean {
    if (this.#socket.writableLength < this.#shared.maxBufferedBytes) return false;
    if (!this.#waitsForDrain) {
      this.#waitsForDrain = true;
      this.#socket.once('drain', () => {
        this.#waitsForDrain = false;
        this.pump();
      });
    }
    return true;
  }
}
