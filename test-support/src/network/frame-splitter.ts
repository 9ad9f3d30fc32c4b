/** A WebSocket frame as it is on the wire (RFC 6455 §5.2), or other bytes between frames. */
export interface Piece {
  readonly bytes: Buffer;
  /** Undefined for bytes that are no frame: the head of a request or a response, and everything of a plain one. */
  readonly opcode: number | undefined;
  /** The payload without its mask; empty for bytes that are no frame. */
  readonly payload: Buffer;
}

const noPayload = Buffer.alloc(0);
const headEnd = '\r\n\r\n';

/** Cuts one direction of a connection into the head of its request or response, and then into WebSocket frames. */
export class FrameSplitter {
  #state: 'head' | 'frames' | 'plain' = 'head';
  #rest: Buffer = noPayload;

  /** @returns everything that is complete now. */
  push(bytes: Buffer): Piece[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const pieces: Piece[] = [];
    for (let next = this.#next(); next !== undefined; next = this.#next()) pieces.push(next);
    return pieces;
  }

  #next(): Piece | undefined {
    if (this.#rest.length === 0) return undefined;
    if (this.#state === 'frames') return this.#nextFrame();
    if (this.#state === 'plain') return this.#takePlain(this.#rest.length);
    const end = this.#rest.indexOf(headEnd);
    if (end === -1) return undefined;
    const head = this.#takePlain(end + headEnd.length);
    this.#state = /^upgrade: *websocket/im.test(head.bytes.toString('latin1')) ? 'frames' : 'plain';
    return head;
  }

  #nextFrame(): Piece | undefined {
    const rest = this.#rest;
    if (rest.length < 2) return undefined;
    const short = rest.readUInt8(1) & 0x7f;
    const isMasked = (rest.readUInt8(1) & 0x80) !== 0;
    const maskAt = short === 127 ? 10 : short === 126 ? 4 : 2;
    const payloadAt = maskAt + (isMasked ? 4 : 0);
    if (rest.length < payloadAt) return undefined;
    const length = short === 127 ? Number(rest.readBigUInt64BE(2)) : short === 126 ? rest.readUInt16BE(2) : short;
    if (rest.length < payloadAt + length) return undefined;
    const bytes = this.#take(payloadAt + length);
    const payload = bytes.subarray(payloadAt);
    const mask = bytes.subarray(maskAt, payloadAt);
    return {
      bytes,
      opcode: bytes.readUInt8(0) & 0x0f,
      payload: isMasked ? Buffer.from(payload.map((byte, index) => byte ^ mask[index % 4]!)) : payload,
    };
  }

  #takePlain(length: number): Piece {
    return { bytes: this.#take(length), opcode: undefined, payload: noPayload };
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}
