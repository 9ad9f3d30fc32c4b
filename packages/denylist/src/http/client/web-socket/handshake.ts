import { createHash, randomBytes } from 'node:crypto';
import { type OutgoingHttpHeaders, validateHeaderName, validateHeaderValue } from 'node:http';

/** RFC 6455 §1.3 */
const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const maxHeadBytes = 16 * 1024;

export interface UpgradeRequest {
  readonly url: URL;
  readonly protocol: string;
  readonly headers: OutgoingHttpHeaders;
}

/** `upgraded`: what follows are messages. `refused`: the answer of a server that does not upgrade. */
export type UpgradeAnswer =
  | { readonly kind: 'upgraded'; readonly rest: Buffer }
  | { readonly kind: 'refused'; readonly statusCode: number }
  | { readonly kind: 'unreadable' };

/** One opening handshake of a client (RFC 6455 §4.1). */
export class Handshake {
  /** The text of the request. */
  readonly request: string;
  readonly #protocol: string;
  readonly #accept: string;
  #head = Buffer.alloc(0);

  /** @throws TypeError for a header that HTTP does not permit. */
  constructor({ url, protocol, headers }: UpgradeRequest) {
    const key = randomBytes(16).toString('base64');
    this.#protocol = protocol;
    this.#accept = createHash('sha1').update(`${key}${guid}`).digest('base64');
    const all = {
      Host: url.host,
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': key,
      'Sec-WebSocket-Protocol': protocol,
      ...headers,
    };
    const lines = Object.entries(all).map(([name, value]) => {
      const text = String(value);
      validateHeaderName(name);
      validateHeaderValue(name, text);
      return `${name}: ${text}\r\n`;
    });
    this.request = `GET ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('')}\r\n`;
  }

  /** @returns undefined while the head of the answer is not there as a whole. */
  add(bytes: Buffer): UpgradeAnswer | undefined {
    this.#head = Buffer.concat([this.#head, bytes]);
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return this.#head.byteLength > maxHeadBytes ? { kind: 'unreadable' } : undefined;
    const [statusLine = '', ...lines] = this.#head.toString('latin1', 0, end).split('\r\n');
    const status = /^HTTP\/1\.1 (\d{3})(?: |$)/.exec(statusLine)?.[1];
    if (status === undefined) return { kind: 'unreadable' };
    if (status !== '101') return { kind: 'refused', statusCode: Number(status) };
    const headers = new Map(lines.map(readHeader));
    const isUpgrade =
      headers.get('upgrade')?.toLowerCase() === 'websocket' &&
      headers.get('connection')?.toLowerCase().includes('upgrade') === true &&
      headers.get('sec-websocket-accept') === this.#accept &&
      headers.get('sec-websocket-protocol') === this.#protocol &&
      // No extension was offered.
      !headers.has('sec-websocket-extensions');
    return isUpgrade ? { kind: 'upgraded', rest: this.#head.subarray(end + 4) } : { kind: 'unreadable' };
  }
}

function readHeader(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
}
