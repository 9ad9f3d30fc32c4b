import { isClientClassName, maxClientClasses, type UsageReport } from '../../../log/usage.ts';
import { FrameError } from './frame.ts';
import type { FrameReader } from './frame-reader.ts';
import type { FrameWriter } from './frame-writer.ts';

/** What a process has seen; no part of the protocol of revocations. */
export interface UsageFrame {
  readonly kind: 'usage';
  /** Repeated by the `answer` that says whether it was counted. */
  readonly seq: number;
  readonly report: UsageReport;
}

/** Digests of one frame: with the names of all classes it stays below the bound of a frame. */
export const maxFrameDigests = 3900;
const digestBytes = 16;
/** Two more than can be configured: `other` and `unknown`. */
const maxClasses = maxClientClasses + 2;

export function writeUsage(writer: FrameWriter, { seq, report }: UsageFrame): void {
  writer.u32(seq);
  writeDigests(writer, report.subjects);
  for (const [name, digests] of Object.entries(report.tokens)) {
    writer.u8(name.length).text(name);
    writeDigests(writer, digests);
  }
}

export function readUsage(reader: FrameReader): UsageFrame {
  const seq = reader.u32();
  const subjects = readDigests(reader);
  const tokens: [string, readonly string[]][] = [];
  while (!reader.atEnd) {
    const name = reader.text(reader.u8());
    if (!isClientClassName(name)) throw new FrameError('malformed', 'usage: expected the name of a class');
    if (tokens.length === maxClasses)
      throw new FrameError('malformed', `usage: expected at most ${maxClasses} classes`);
    tokens.push([name, readDigests(reader)]);
  }
  return { kind: 'usage', seq, report: { subjects, tokens: Object.fromEntries(tokens) } };
}

/** The same report in as many parts as frames are needed. Counting is idempotent, so the parts need not arrive as one. */
export function splitUsage({ subjects, tokens }: UsageReport): UsageReport[] {
  const parts: { subjects: string[]; tokens: Record<string, string[]> }[] = [];
  let room = 0;
  const partWithRoom = () => {
    if (room === 0) {
      parts.push({ subjects: [], tokens: {} });
      room = maxFrameDigests;
    }
    room -= 1;
    return parts[parts.length - 1]!;
  };
  for (const digest of subjects) partWithRoom().subjects.push(digest);
  for (const [name, digests] of Object.entries(tokens)) {
    for (const digest of digests) {
      const part = partWithRoom();
      part.tokens[name] ??= [];
      part.tokens[name].push(digest);
    }
  }
  return parts;
}

function writeDigests(writer: FrameWriter, digests: readonly string[]): void {
  writer.u16(digests.length);
  for (const digest of digests) writer.text(digest, 'base64url');
}

function readDigests(reader: FrameReader): string[] {
  const count = reader.u16();
  const digests: string[] = [];
  for (let index = 0; index < count; index++) digests.push(reader.text(digestBytes, 'base64url'));
  return digests;
}
