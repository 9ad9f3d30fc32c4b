import type { TrustedIssuers } from '../../../rules/trusted-issuers.ts';
import { checkFrame, frameKinds, maxUpFrameBytes } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import type { FrameWriter } from './frame-writer.ts';
import { readIssuers, writeIssuers } from './issuers.ts';
import { readLabel, writeLabel } from './label.ts';
import { type ReportFrame, readReport, writeReport } from './report.ts';
import { readMaxStaleness } from './staleness.ts';
import { readUsage, type UsageFrame, writeUsage } from './usage.ts';

/** The first frame of a reader. */
export interface JoinFrame {
  readonly kind: 'join';
  /** A relay answers no requests: it counts only the replicas that its reports name. */
  readonly relay: boolean;
  /** It accepts while it does not know. */
  readonly failOpen: boolean;
  /** It asks the log for what its denylist cannot answer. */
  readonly hasLookUp?: boolean;
  /** How long it may stay fresh on its last proof; 0 for a relay. */
  readonly maxStalenessMs: number;
  /** Secret of an earlier welcome of this sidecar, whose place this connection takes. */
  readonly secret?: string;
  /** For people: host or pod, process id, a name of its own. */
  readonly label: string;
  /** Absent for a relay, whose report states them, and where they are unknown. */
  readonly issuers?: TrustedIssuers;
}

/** Asks for all changes after a position, and for heartbeats. Once a connection, after the welcome. */
export interface FollowFrame {
  readonly kind: 'follow';
  readonly feed: string;
  readonly n: number;
}

/** Asks how old the proof is: for readers whose clock is not that of the sidecar. */
export interface AskFrame {
  readonly kind: 'ask';
  /** Chosen by the reader, not 0; the answering heartbeat repeats it. */
  readonly echo: number;
}

/** A kind of a later version. */
export interface UnknownFrame {
  readonly kind: 'unknown';
}

export type UpFrame = JoinFrame | FollowFrame | ReportFrame | UsageFrame | AskFrame;

const flags = { relay: 1, failOpen: 2, hasLookUp: 4 };

export function encodeUp(writer: FrameWriter, frame: UpFrame): Buffer {
  writer.begin(frame.kind);
  switch (frame.kind) {
    case 'join':
      writer.u8(
        (frame.relay ? flags.relay : 0) |
          (frame.failOpen ? flags.failOpen : 0) |
          (frame.hasLookUp ? flags.hasLookUp : 0),
      );
      writer.u32(frame.maxStalenessMs);
      writer.hex(frame.secret, 16);
      writeLabel(writer, frame.label);
      writeIssuers(writer, frame.issuers);
      break;
    case 'follow':
      writer.hex(frame.feed, 8).u64(frame.n);
      break;
    case 'report':
      writeReport(writer, frame);
      break;
    case 'usage':
      writeUsage(writer, frame);
      break;
    case 'ask':
      writer.u32(frame.echo);
      break;
  }
  return writer.end();
}

/**
 * Reads a frame of a reader. Bytes behind the fields known here are ignored: a later version may add some.
 *
 * @throws FrameError and nothing else.
 */
export function decodeUp(frame: Buffer): UpFrame | UnknownFrame {
  const kind = checkFrame(frame, maxUpFrameBytes);
  const reader = new FrameReader(frame);
  switch (kind) {
    case frameKinds.join:
      return readJoin(reader);
    case frameKinds.follow:
      return { kind: 'follow', feed: reader.text(8, 'hex'), n: reader.u64() };
    case frameKinds.report:
      return readReport(reader);
    case frameKinds.usage:
      return readUsage(reader);
    case frameKinds.ask:
      return { kind: 'ask', echo: reader.u32() };
    default:
      return { kind: 'unknown' };
  }
}

function readJoin(reader: FrameReader): JoinFrame {
  const bits = reader.u8();
  const maxStalenessMs = readMaxStaleness(reader);
  const secret = reader.hex(16);
  return {
    kind: 'join',
    relay: (bits & flags.relay) !== 0,
    failOpen: (bits & flags.failOpen) !== 0,
    hasLookUp: (bits & flags.hasLookUp) !== 0,
    maxStalenessMs,
    secret,
    label: readLabel(reader),
    issuers: readIssuers(reader),
  };
}
