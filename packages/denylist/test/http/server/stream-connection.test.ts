import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { Readers } from '../../../src/http/server/readers.ts';
import { maxUnanswered, StreamConnection } from '../../../src/http/server/stream-connection.ts';
import { FrameWriter } from '../../../src/http/wire/frames/frame-writer.ts';
import { encodeUp, type UpFrame } from '../../../src/http/wire/frames/up.ts';
import { closeCodes } from '../../../src/http/wire/stream.ts';

type Sent = Exclude<UpFrame, { readonly kind: 'unknown' }>;

/** A connection whose socket takes in only what the test allows. */
function given() {
  const readers = new Readers(new FakeClock(), '0'.repeat(16));
  const socket = Object.assign(new EventEmitter(), { bytesRead: 0 });
  const webSocket = Object.assign(new EventEmitter(), {
    bufferedAmount: 0,
    sent: 0,
    closedWith: undefined as number | undefined,
    send() {
      webSocket.sent += 1;
    },
    close(code: number) {
      webSocket.closedWith = code;
    },
  });
  const feed = { isNumbering: () => false };
  const shared = {
    ...{ feed, readers, maxBufferedBytes: 1000, bootId: undefined },
    encode: () => Buffer.alloc(1),
    heartbeat: () => undefined,
    usage: async () => 'accepted',
  };
  new StreamConnection(shared as never, webSocket as never, socket as never, () => true);
  const receive = (frame: Sent) =>
    webSocket.emit('message', Buffer.from(encodeUp(new FrameWriter('slab'), frame)), true);
  const report = (seq: number) => receive({ kind: 'report', seq, rows: [] });
  receive({ kind: 'join', relay: true, failOpen: false, maxStalenessMs: 0, label: 'relay' });
  receive({ kind: 'report', seq: 1, rows: [{ id: 'a'.repeat(16), failOpen: false, maxStalenessMs: 5000 }] });
  return { readers, socket, webSocket, receive, report };
}

describe('a connection of a stream', () => {
  it('is closed when it reports on and on while nothing is accepted upstream', () => {
    const { webSocket, report } = given();
    for (let seq = 2; seq <= maxUnanswered; seq++) report(seq);
    expect({ closedWith: webSocket.closedWith, sent: webSocket.sent }).toEqual({ closedWith: undefined, sent: 0 });
    report(maxUnanswered + 1);
    expect(webSocket.closedWith).toBe(closeCodes.bad_frame);
  });

  it('answers no report of a reader that does not read, until its buffer is empty', () => {
    const { webSocket, readers, socket, report } = given();
    webSocket.bufferedAmount = 1000;
    readers.accepted(Number.POSITIVE_INFINITY);
    for (let seq = 2; seq < 10; seq++) report(seq);
    expect(webSocket.sent).toBe(0);
    webSocket.bufferedAmount = 0;
    socket.emit('drain');
    expect(webSocket.sent).toBe(9);
  });

  it('is closed when it sends usage reports and does not read the answers', async () => {
    const { webSocket, receive } = given();
    webSocket.bufferedAmount = 1000;
    receive({ kind: 'usage', seq: 1, report: { subjects: [], tokens: {} } });
    await new Promise((resolve) => setImmediate(resolve));
    expect({ closedWith: webSocket.closedWith, sent: webSocket.sent }).toEqual({
      closedWith: closeCodes.slow_reader,
      sent: 0,
    });
  });
});
