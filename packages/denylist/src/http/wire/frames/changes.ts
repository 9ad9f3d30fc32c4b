import { decodeDetails } from '../../../codec/event.ts';
import type { Change, RevocationDetails } from '../../../rules/event.ts';
import { withoutImpossibleLift } from '../../../rules/rule.ts';
import { FrameError } from './frame.ts';
import type { FrameReader } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';

/** Consecutive changes of a feed. A lift is a change like any other: its row carries the greater `liftedUpTo`. */
export interface ChangesFrame {
  readonly kind: 'changes';
  /** Number of the first one. */
  readonly first: number;
  readonly changes: readonly Change[];
}

export interface EncodedChanges {
  readonly first: number;
  readonly last: number;
  readonly frame: Buffer;
  /** The WebSocket message that carries it. */
  readonly message: Buffer;
}

const maxDetailsBytes = 65_535;

/** Writes changes as they come; what was added since the last {@link take} is one frame. */
export class ChangesWriter {
  readonly #writer = new FrameWriter('slab');
  #first = 0;
  #count = 0;

  /** Bytes that wait for {@link take}. */
  get length(): number {
    return this.#count === 0 ? 0 : this.#writer.length;
  }

  /** @param n its number: one more than that of the change before. */
  add(n: number, { digest, rule, loggedAtMs, receivedAtMs, details }: Change): void {
    const writer = this.#writer;
    if (this.#count === 0) {
      writer.begin('changes').u64(n);
      this.#first = n;
    }
    this.#count += 1;
    for (const word of digest) writer.u32(word);
    writer.u32(rule.deniedUntil).u32(rule.issuedUpTo).u32(rule.denialStamp).u32(rule.liftedUpTo);
    writer.time(loggedAtMs).time(receivedAtMs);
    const text = details === undefined ? '' : JSON.stringify(details);
    const bytes = Buffer.byteLength(text);
    // Details are never enforced: a rule travels without those that are out of all proportion.
    if (bytes > maxDetailsBytes) writer.u16(0);
    else writer.u16(bytes).text(text);
  }

  /** @returns undefined when nothing was added. */
  take(): EncodedChanges | undefined {
    if (this.#count === 0) return undefined;
    const last = this.#first + this.#count - 1;
    this.#count = 0;
    return { first: this.#first, last, ...this.#writer.endMessage() };
  }
}

export function readChanges(reader: FrameReader): ChangesFrame {
  const first = reader.u64();
  const changes: Change[] = [];
  do changes.push(readChange(reader));
  while (!reader.atEnd);
  return { kind: 'changes', first, changes };
}

function readChange(reader: FrameReader): Change {
  // One array a change: with eight processes on a host, each object costs more than the fields in it.
  const digest = new Uint32Array(4);
  for (let word = 0; word < 4; word++) digest[word] = reader.u32();
  const rule = withoutImpossibleLift({
    deniedUntil: reader.u32(),
    issuedUpTo: reader.u32(),
    denialStamp: reader.u32(),
    liftedUpTo: reader.u32(),
  });
  const loggedAtMs = reader.time();
  const receivedAtMs = reader.time();
  const details = readDetails(reader.text(reader.u16()));
  return { digest, rule, loggedAtMs, receivedAtMs, details };
}

function readDetails(text: string): RevocationDetails | undefined {
  if (text === '') return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new FrameError('malformed', 'details: expected JSON');
  }
  const details = decodeDetails(parsed);
  if (details === undefined) throw new FrameError('malformed', 'details: expected an object with an id');
  return details;
}
