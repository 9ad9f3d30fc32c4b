/** What a server sent is no WebSocket message that a client may take (RFC 6455 §5), or is longer than allowed. */
export class MessageError extends Error {
  override readonly name = 'MessageError';
}

/** Bytes are valid only during the call: they lie in memory that is used again. */
export interface MessageHandlers {
  /** A whole binary message. */
  message(data: Buffer): void;
  ping(data: Buffer): void;
  /** Nothing follows. `code` is 1005 where the server sent none (§7.1.5). */
  close(code: number, reason: string): void;
}

const opcodes = { continuation: 0, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const maxControlBytes = 125;
/** Only a proxy sends fragments, and it has no reason for so many. */
const maxFragments = 1024;
const noCode = 1005;
const noBytes = Buffer.alloc(0);

/**
 * Reads the messages of a server from its bytes, however they are divided. A message that came as a whole, as nearly every one
 * does, is not copied.
 */
export class MessageReader {
  readonly #maxBytes: number;
  readonly #handlers: MessageHandlers;
  /** The beginning of a frame whose end has not come yet. */
  #memory = noBytes;
  #heldBytes = 0;
  /** Of a message that comes in parts; undefined while none does. */
  #fragments: Buffer[] | undefined;
  #fragmentBytes = 0;
  #isClosed = false;

  constructor(maxBytes: number, handlers: MessageHandlers) {
    this.#maxBytes = maxBytes;
    this.#handlers = handlers;
  }

  /** @throws MessageError, after which nothing more can be read. */
  add(bytes: Buffer): void {
    if (this.#isClosed) return;
    if (this.#heldBytes === 0) {
      const used = this.#readFrames(bytes);
      if (used < bytes.byteLength) this.#hold(bytes.subarray(used));
      return;
    }
    this.#hold(bytes);
    const held = this.#memory.subarray(0, this.#heldBytes);
    const used = this.#readFrames(held);
    held.copyWithin(0, used);
    this.#heldBytes -= used;
    if (this.#heldBytes === 0) this.#memory = noBytes;
  }

  #hold(bytes: Buffer): void {
    const needed = this.#heldBytes + bytes.byteLength;
    if (needed > this.#memory.byteLength) {
      // Twice as much as needed, so that a frame that comes byte by byte is not copied for each of them.
      const larger = Buffer.allocUnsafe(2 * needed);
      this.#memory.copy(larger, 0, 0, this.#heldBytes);
      this.#memory = larger;
    }
    bytes.copy(this.#memory, this.#heldBytes);
    this.#heldBytes = needed;
  }

  /** @returns how many bytes are done with: all up to the first frame that is not there as a whole. */
  #readFrames(input: Buffer): number {
    const { byteLength } = input;
    let at = 0;
    while (byteLength - at >= 2) {
      const first = input.readUInt8(at);
      const second = input.readUInt8(at + 1);
      let length = second & 0x7f;
      let start = at + 2;
      if (length === 126) {
        if (byteLength < start + 2) return at;
        length = input.readUInt16BE(start);
        start += 2;
      } else if (length === 127) {
        if (byteLength < start + 8) return at;
        length = input.readUInt32BE(start) * 2 ** 32 + input.readUInt32BE(start + 4);
        start += 8;
      }
      // §5.2: no extension was agreed, so the reserved bits are zero. §5.1: a server does not mask.
      if ((first & 0x70) !== 0 || (second & 0x80) !== 0) throw new MessageError('expected no extension and no mask');
      const opcode = first & 0x0f;
      const isFinal = (first & 0x80) !== 0;
      this.#check(opcode, isFinal, length);
      const end = start + length;
      if (byteLength < end) return at;
      this.#take(opcode, isFinal, input.subarray(start, end));
      if (this.#isClosed) return byteLength;
      at = end;
    }
    return at;
  }

  /** Before the frame is there as a whole, so that no more is held than may be taken. */
  #check(opcode: number, isFinal: boolean, length: number): void {
    if (opcode >= opcodes.close) {
      if (opcode > opcodes.pong) throw new MessageError(`expected a known opcode, found ${opcode}`);
      // §5.5
      if (!isFinal || length > maxControlBytes) throw new MessageError('expected a whole, short control frame');
      return;
    }
    if (opcode !== opcodes.binary && opcode !== opcodes.continuation) {
      throw new MessageError(`expected a binary message, found opcode ${opcode}`);
    }
    // §5.4: the parts of a message follow each other.
    const isPart = opcode === opcodes.continuation;
    if (isPart !== (this.#fragments !== undefined)) throw new MessageError('a part of a message is missing');
    const bytes = this.#fragmentBytes + length;
    if (bytes > this.#maxBytes) throw new MessageError(`expected at most ${this.#maxBytes} bytes, found ${bytes}`);
  }

  #take(opcode: number, isFinal: boolean, data: Buffer): void {
    if (opcode === opcodes.binary && isFinal) this.#handlers.message(data);
    else if (opcode <= opcodes.binary) this.#takePart(data, isFinal);
    else if (opcode === opcodes.ping) this.#handlers.ping(data);
    else if (opcode === opcodes.close) this.#takeClose(data);
  }

  #takePart(data: Buffer, isFinal: boolean): void {
    this.#fragments ??= [];
    const fragments = this.#fragments;
    if (fragments.length >= maxFragments) throw new MessageError(`expected at most ${maxFragments} parts of a message`);
    fragments.push(Buffer.from(data));
    this.#fragmentBytes += data.byteLength;
    if (!isFinal) return;
    this.#fragments = undefined;
    this.#fragmentBytes = 0;
    this.#handlers.message(Buffer.concat(fragments));
  }

  #takeClose(data: Buffer): void {
    // §5.5.1: a code of two bytes, or nothing.
    if (data.byteLength === 1) throw new MessageError('expected a close code of two bytes, found one byte');
    this.#isClosed = true;
    const code = data.byteLength === 0 ? noCode : data.readUInt16BE(0);
    this.#handlers.close(code, data.toString('utf8', 2));
  }
}
