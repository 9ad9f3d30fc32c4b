import { type ChangesFrame, readChanges } from './changes.ts';
import { checkFrame, frameKinds, maxDownFrameBytes } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import type { FrameWriter } from './frame-writer.ts';

/** The first frame of a sidecar: it counts this reader from now on, and so does everything upstream of it. */
export interface WelcomeFrame {
  readonly kind: 'welcome';
  /** 16 hex digits: this life of this sidecar. */
  readonly feed: string;
  /** Number of the last change of the feed. */
  readonly n: number;
  /** 16 hex digits that name the reader wherever it is counted. */
  readonly identity: string;
  /** 32 hex digits; with them a later connection takes the place of this one. */
  readonly secret: string;
  /** 32 hex digits that name the boot of the sidecar's host; absent where there is no such name. */
  readonly bootId?: string;
}

/** Sent while the sidecar is fresh: all changes up to `n` came before it on this connection. */
export interface HeartbeatFrame {
  readonly kind: 'heartbeat';
  readonly n: number;
  /** The sidecar holds everything that was logged before this time of its host's monotonic clock. */
  readonly provenAtMs: number;
  /** Milliseconds since that time, when this was sent. */
  readonly ageMs: number;
  /** The clock of the log at `provenAtMs`; absent while the sidecar does not have it. */
  readonly logAtProofMs?: number;
  /** When the heartbeat behind the proof was written, by the clock of the log. */
  readonly heartbeatLoggedAtMs?: number;
  /** Repeats the number of the question that this answers; 0: it answers none. */
  readonly echo: number;
  /** 16 hex digits: the log behind the proof. Absent where it has no name, and from an earlier version. */
  readonly identity?: string;
}

export const answerStatuses = ['accepted', 'refused', 'failed'] as const;

/** What became of a report. `refused`: it will not be taken when it is repeated either. */
export interface AnswerFrame {
  readonly kind: 'answer';
  readonly seq: number;
  readonly status: (typeof answerStatuses)[number];
}

/** The sidecar stops: the reader goes to another one, or comes back, and resumes. */
export interface GoodbyeFrame {
  readonly kind: 'goodbye';
}

/** A kind of a later version. It carries nothing that this one would miss. */
export interface UnknownFrame {
  readonly kind: 'unknown';
}

export type DownFrame = WelcomeFrame | ChangesFrame | HeartbeatFrame | AnswerFrame | GoodbyeFrame | UnknownFrame;

/** Everything but changes, which are gathered by a {@link ChangesWriter}. */
export function encodeDown(
  writer: FrameWriter,
  frame: WelcomeFrame | HeartbeatFrame | AnswerFrame | GoodbyeFrame,
): Buffer {
  writer.begin(frame.kind);
  switch (frame.kind) {
    case 'welcome':
      writer.hex(frame.feed, 8).u64(frame.n).hex(frame.identity, 8).hex(frame.secret, 16).hex(frame.bootId, 16);
      break;
    case 'heartbeat':
      writer.u64(frame.n).time(frame.provenAtMs).time(frame.ageMs);
      writer.time(frame.logAtProofMs).time(frame.heartbeatLoggedAtMs).u32(frame.echo);
      if (frame.identity !== undefined) writer.hex(frame.identity, 8);
      break;
    case 'answer':
      writer.u32(frame.seq).u8(answerStatuses.indexOf(frame.status));
      break;
    case 'goodbye':
      break;
  }
  return writer.end();
}

/**
 * Reads a frame of a sidecar. Bytes behind the fields known here are ignored: a later version may add some.
 *
 * @throws FrameError and nothing else.
 */
export function decodeDown(frame: Buffer): DownFrame {
  const kind = checkFrame(frame, maxDownFrameBytes);
  const reader = new FrameReader(frame);
  switch (kind) {
    case frameKinds.welcome:
      return readWelcome(reader);
    case frameKinds.changes:
      return readChanges(reader);
    case frameKinds.heartbeat:
      return readHeartbeat(reader);
    case frameKinds.answer:
      return { kind: 'answer', seq: reader.u32(), status: answerStatuses[reader.u8()] ?? 'failed' };
    case frameKinds.goodbye:
      return { kind: 'goodbye' };
    default:
      return { kind: 'unknown' };
  }
}

function readWelcome(reader: FrameReader): WelcomeFrame {
  const feed = reader.text(8, 'hex');
  const n = reader.u64();
  return {
    kind: 'welcome',
    feed,
    n,
    identity: reader.text(8, 'hex'),
    secret: reader.text(16, 'hex'),
    bootId: reader.hex(16),
  };
}

function readHeartbeat(reader: FrameReader): HeartbeatFrame {
  return {
    kind: 'heartbeat',
    n: reader.u64(),
    provenAtMs: reader.time() ?? 0,
    ageMs: reader.time() ?? 0,
    logAtProofMs: reader.time(),
    heartbeatLoggedAtMs: reader.time(),
    echo: reader.u32(),
    identity: reader.left >= 8 ? reader.hex(8) : undefined,
  };
}
