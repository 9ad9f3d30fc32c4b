import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { Journal } from '../../../src/http/server/journal.ts';
import { Readers } from '../../../src/http/server/readers/readers.ts';
import { maxUnanswered, StreamConnection } from '../../../src/http/server/stream-connection.ts';
import { ChangesWriter } from '../../../src/http/wire/frames/changes.ts';
import { type DownFrame, decodeDown, encodeDown } from '../../../src/http/wire/frames/down.ts';
import { FrameWriter } from '../../../src/http/wire/frames/frame-writer.ts';
import { messageOf } from '../../../src/http/wire/frames/message.ts';
import { encodeUp, type UpFrame } from '../../../src/http/wire/frames/up.ts';
import { closeCodes } from '../../../src/http/wire/stream.ts';
import { emptyRule } from '../../../src/rules/rule.ts';

const feedId = 'f'.repeat(16);
const encode = (frame: UpFrame) => Buffer.from(encodeUp(new FrameWriter('scratch'), frame));

const join = { kind: 'join', relay: false, failOpen: false, maxStalenessMs: 5000, label: 'api' } as const;
const joinRelay = { ...join, relay: true, maxStalenessMs: 0, label: 'relay' };
const follow = { kind: 'follow', feed: feedId, n: 0 } as const;
const report = (seq: number): UpFrame => ({ kind: 'report', seq, rows: [] });
const reportOf = (seq: number, id: string): UpFrame => ({
  kind: 'report',
  seq,
  rows: [{ id, failOpen: false, maxStalenessMs: 5000 }],
});
const usage: UpFrame = { kind: 'usage', seq: 1, report: { subjects: [], tokens: {} } };
const ask = (echo: number): UpFrame => ({ kind: 'ask', echo });

/** A sidecar without sockets: the test decides what upstream accepts and what a reader takes from its buffer. */
function givenSidecar({ journalEntries = 100 } = {}) {
  const clock = new FakeClock();
  const readers = new Readers({ clock, id: feedId });
  const journal = new Journal(journalEntries);
  const changes = new ChangesWriter();
  const state = { numbering: true, fresh: true, permitted: true };
  const writer = new FrameWriter('slab');
  const feed = {
    id: feedId,
    journal,
    flush() {},
    isNumbering: () => state.numbering,
    get n() {
      return journal.n;
    },
  };
  const shared = {
    ...{ feed, readers, maxBufferedBytes: 1000, bootId: undefined },
    encode: (frame: Parameters<typeof encodeDown>[1]) => messageOf(encodeDown(writer, frame)),
    heartbeat: (n: number, echo: number) =>
      state.fresh ? messageOf(encodeDown(writer, { kind: 'heartbeat', n, provenAtMs: 1, ageMs: 0, echo })) : undefined,
    usage: async () => 'accepted',
  };
  return {
    clock,
    readers,
    state,
    acceptAll: () => readers.accepted(Number.POSITIVE_INFINITY),
    change() {
      changes.add(journal.n + 1, { digest: Uint32Array.of(journal.n, 0, 0, 0), rule: emptyRule });
      journal.add(changes.take()!);
    },
    connect() {
      const sent: DownFrame[] = [];
      const socket = Object.assign(new EventEmitter(), {
        bytesRead: 0,
        writableLength: 0,
        /** A message with its header of 2 bytes: the frames of this test are short. */
        write(message: Buffer) {
          socket.writableLength += webSocket.keptBytes;
          sent.push(decodeDown(message.subarray(2)));
        },
      });
      const webSocket = Object.assign(new EventEmitter(), {
        readyState: 1,
        /** Bytes that each frame adds to the buffer. */
        keptBytes: 0,
        pings: 0,
        terminated: false,
        closedWith: undefined as number | undefined,
        close(code: number) {
          webSocket.closedWith = code;
        },
        ping() {
          webSocket.pings += 1;
        },
        terminate() {
          webSocket.terminated = true;
          webSocket.emit('close', 1006);
        },
      });
      const connection = new StreamConnection(
        shared as never,
        webSocket as never,
        socket as never,
        () => state.permitted,
      );
      return {
        ...{ connection, webSocket, socket, sent },
        receive(...frames: readonly UpFrame[]) {
          for (const frame of frames) webSocket.emit('message', encode(frame), true);
        },
        receiveRaw: (data: Buffer, isBinary = true) => webSocket.emit('message', data, isBinary),
        kinds: () => sent.map(({ kind }) => kind),
        look(times: number, bytesEach = 0) {
          for (let time = 0; time < times; time++) {
            socket.bytesRead += bytesEach;
            connection.look();
          }
        },
        /** The reader takes everything that waits. */
        drain() {
          socket.writableLength = 0;
          socket.emit('drain');
        },
      };
    },
  };
}

/** A connection whose frames are all in turn: joined, counted upstream, following from the first change on. */
function givenFollower(options: { readonly journalEntries?: number } = {}) {
  const sidecar = givenSidecar(options);
  const reader = sidecar.connect();
  sidecar.acceptAll();
  reader.receive(join, follow);
  return { ...sidecar, ...reader };
}

describe('a reader that joins', () => {
  it('is sent nothing before everything upstream counts it', () => {
    const { readers, connect } = givenSidecar();
    const { receive, connection, kinds } = connect();
    receive(join);
    connection.pump();
    expect(kinds()).toEqual([]);
    readers.accepted(readers.revision - 1);
    connection.pump();
    expect(kinds()).toEqual([]);
    readers.accepted(readers.revision);
    connection.pump();
    expect(kinds()).toEqual(['welcome']);
  });

  it('is welcome only when there is a feed to follow', () => {
    const { state, acceptAll, connect } = givenSidecar();
    state.numbering = false;
    const { receive, connection, kinds } = connect();
    acceptAll();
    receive(join);
    expect(kinds()).toEqual([]);
    state.numbering = true;
    connection.pump();
    connection.pump();
    expect(kinds()).toEqual(['welcome']);
  });

  it('is given the position, an identity and a secret', () => {
    const { acceptAll, connect, change } = givenSidecar();
    change();
    acceptAll();
    const { receive, sent } = connect();
    receive(join);
    const hex = (digits: number) => expect.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`));
    expect(sent[0]).toMatchObject({ kind: 'welcome', feed: feedId, n: 1, identity: hex(16), secret: hex(32) });
  });

  it('gets its welcome before the answers to its reports, and no proof before it follows', () => {
    const { acceptAll, connect } = givenSidecar();
    const { receive, connection, kinds } = connect();
    receive(join, report(1), report(2));
    expect(kinds()).toEqual([]);
    acceptAll();
    connection.pump();
    connection.prove(Buffer.alloc(0), 0);
    expect(kinds()).toEqual(['welcome', 'answer', 'answer']);
    receive(follow);
    expect(kinds().slice(3)).toEqual(['heartbeat']);
  });

  it('gets no proof while a replica behind it is not counted upstream', () => {
    const { readers, connect } = givenSidecar();
    const { receive, connection, kinds } = connect();
    receive(joinRelay);
    readers.accepted(readers.revision);
    connection.pump();
    receive(reportOf(1, 'a'.repeat(16)), follow);
    connection.prove(Buffer.alloc(0), 0);
    expect(kinds()).toEqual(['welcome']);
    readers.accepted(readers.revision);
    connection.pump();
    expect(kinds()).toEqual(['welcome', 'answer', 'heartbeat']);
  });
});

describe('a reader that follows', () => {
  it('gets every change after its position, and its proof behind them', () => {
    const { change, acceptAll, connect } = givenSidecar();
    for (let time = 0; time < 4; time++) change();
    acceptAll();
    const { receive, sent } = connect();
    receive(join, { ...follow, n: 2 });
    expect(sent.slice(1)).toMatchObject([{ first: 3 }, { first: 4 }, { kind: 'heartbeat', n: 4, echo: 0 }]);
  });

  it('gets the answer to its question, behind the changes', () => {
    const { change, receive, sent } = givenFollower();
    change();
    receive(ask(7));
    expect(sent.slice(2)).toMatchObject([{ first: 1 }, { kind: 'heartbeat', n: 1, echo: 7 }]);
  });

  it('gets no proof while the sidecar is not fresh, and one as soon as it is', () => {
    const { state, receive, kinds, connection } = givenFollower();
    state.fresh = false;
    receive(ask(7));
    expect(kinds()).toEqual(['welcome', 'heartbeat']);
    state.fresh = true;
    connection.pump();
    expect(kinds()).toEqual(['welcome', 'heartbeat', 'heartbeat']);
  });

  it('gets no proof after it has sent no report for its maxStalenessMs, until it reports again', async () => {
    const { clock, receive, kinds, connection } = givenFollower();
    await clock.advance(5001);
    connection.prove(Buffer.alloc(0), 0);
    expect(kinds()).toEqual(['welcome', 'heartbeat']);
    receive(report(0));
    expect(kinds()).toEqual(['welcome', 'heartbeat', 'heartbeat']);
  });
});

describe('a reader that does not read', () => {
  it('has at most the bound waiting, and gets the rest in order when it reads on', () => {
    const { webSocket, change, connection, sent, drain } = givenFollower();
    webSocket.keptBytes = 400;
    for (let time = 0; time < 9; time++) {
      change();
      connection.pump();
    }
    connection.prove(Buffer.alloc(0), 9);
    expect({ sent: sent.length - 2, closedWith: webSocket.closedWith }).toEqual({ sent: 3, closedWith: undefined });
    for (let time = 0; time < 2; time++) drain();
    expect(sent.slice(2).map((frame) => ('first' in frame ? frame.first : frame.kind))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
    drain();
    expect(sent.at(-1)).toMatchObject({ kind: 'heartbeat', n: 9 });
  });

  it('is closed when the sidecar no longer keeps the changes that it lacks', () => {
    const { webSocket, change, connection } = givenFollower({ journalEntries: 5 });
    webSocket.keptBytes = 1000;
    for (let time = 0; time < 6; time++) {
      change();
      connection.pump();
    }
    expect(webSocket.closedWith).toBeUndefined();
    change();
    connection.pump();
    expect(webSocket.closedWith).toBe(closeCodes.slow_reader);
  });

  it('gets no answer to a report until its buffer is empty', () => {
    const { readers, connect } = givenSidecar();
    const { socket, receive, kinds, drain } = connect();
    receive(joinRelay, reportOf(1, 'a'.repeat(16)));
    socket.writableLength = 1000;
    readers.accepted(Number.POSITIVE_INFINITY);
    for (let seq = 2; seq < 10; seq++) receive(report(seq));
    expect(kinds()).toEqual(['welcome']);
    drain();
    expect(kinds()).toEqual(['welcome', ...Array.from({ length: 9 }, () => 'answer')]);
  });

  it('is closed when it has sent bytes but no pong for a minute of pings', () => {
    const { look, webSocket } = givenFollower();
    look(60, 1);
    webSocket.emit('pong');
    look(120, 1);
    expect({ closedWith: webSocket.closedWith, pings: webSocket.pings }).toEqual({ closedWith: undefined, pings: 90 });
    look(1, 1);
    expect(webSocket.closedWith).toBe(closeCodes.slow_reader);
  });

  it('is closed when it sends usage reports and does not read the answers', async () => {
    const { webSocket, socket, receive, kinds } = givenFollower();
    socket.writableLength = 1000;
    receive(usage);
    await new Promise((resolve) => setImmediate(resolve));
    expect({ closedWith: webSocket.closedWith, kinds: kinds() }).toEqual({
      closedWith: closeCodes.slow_reader,
      kinds: ['welcome', 'heartbeat'],
    });
  });
});

describe('a connection is closed', () => {
  const damaged = encode(join);
  damaged.writeUInt8(damaged.readUInt8(5) ^ 1, 5);

  it.each([
    { what: 'a text message', data: encode(join), isBinary: false },
    { what: 'a frame with a flipped bit', data: damaged, isBinary: true },
    { what: 'a frame cut short', data: encode(join).subarray(0, 9), isBinary: true },
    { what: 'an empty frame', data: Buffer.alloc(0), isBinary: true },
  ])('as bad_frame by $what', ({ data, isBinary }) => {
    const { receiveRaw, webSocket } = givenSidecar().connect();
    receiveRaw(data, isBinary);
    expect(webSocket.closedWith).toBe(closeCodes.bad_frame);
  });

  it.each<{ readonly what: string; readonly frames: readonly UpFrame[] }>([
    { what: 'a report before join', frames: [report(1)] },
    { what: 'usage before join', frames: [usage] },
    { what: 'follow before join', frames: [follow] },
    { what: 'a second join', frames: [join, join] },
    { what: 'a question before follow', frames: [join, ask(1)] },
    { what: 'a second follow', frames: [join, follow, follow] },
    { what: 'a question with number 0', frames: [join, follow, ask(0)] },
  ])('as bad_frame by $what', ({ frames }) => {
    const { acceptAll, connect } = givenSidecar();
    const { receive, webSocket } = connect();
    acceptAll();
    receive(...frames.slice(0, -1));
    expect(webSocket.closedWith).toBeUndefined();
    receive(...frames.slice(-1));
    expect(webSocket.closedWith).toBe(closeCodes.bad_frame);
  });

  it('as bad_frame by follow before the welcome', () => {
    const { connect } = givenSidecar();
    const { receive, webSocket } = connect();
    receive(join, follow);
    expect(webSocket.closedWith).toBe(closeCodes.bad_frame);
  });

  it('as bad_frame by one report too many while nothing is accepted upstream', () => {
    const { connect } = givenSidecar();
    const { webSocket, receive, kinds } = connect();
    receive(joinRelay, reportOf(1, 'a'.repeat(16)));
    for (let seq = 2; seq <= maxUnanswered; seq++) receive(report(seq));
    expect({ closedWith: webSocket.closedWith, kinds: kinds() }).toEqual({ closedWith: undefined, kinds: ['welcome'] });
    receive(report(maxUnanswered + 1));
    expect(webSocket.closedWith).toBe(closeCodes.bad_frame);
  });

  it('as bad_frame when no join has come after ten looks', () => {
    const { look, webSocket } = givenSidecar().connect();
    look(9, 1);
    expect(webSocket.closedWith).toBeUndefined();
    look(1, 1);
    expect(webSocket.closedWith).toBe(closeCodes.bad_frame);
  });

  it.each([
    { what: 'of another feed', feed: 'e'.repeat(16), n: 9 },
    { what: 'ahead of the feed', feed: feedId, n: 11 },
    { what: 'older than what is kept', feed: feedId, n: 4 },
  ])('as position_lost by a position $what', ({ feed, n }) => {
    const { acceptAll, change, connect } = givenSidecar({ journalEntries: 5 });
    for (let time = 0; time < 10; time++) change();
    acceptAll();
    const { receive, webSocket, kinds } = connect();
    receive(join, { kind: 'follow', feed, n });
    expect({ closedWith: webSocket.closedWith, kinds: kinds() }).toEqual({
      closedWith: closeCodes.position_lost,
      kinds: ['welcome'],
    });
  });

  it('as token_revoked at the sixtieth look, half a minute after the last check', () => {
    const { state, look, webSocket } = givenFollower();
    state.permitted = false;
    look(59, 1);
    expect(webSocket.closedWith).toBeUndefined();
    look(1, 1);
    expect(webSocket.closedWith).toBe(closeCodes.token_revoked);
  });

  it('as replaced by a later connection with its secret, and by no other', () => {
    const { sent, webSocket, connect } = givenFollower();
    const [welcome] = sent;
    if (welcome?.kind !== 'welcome') throw new Error('expected a welcome');
    connect().receive({ ...join, secret: '0'.repeat(31).concat('1') });
    expect(webSocket.closedWith).toBeUndefined();
    const later = connect();
    later.receive({ ...join, secret: welcome.secret });
    expect(webSocket.closedWith).toBe(closeCodes.replaced);
    expect(later.sent).toMatchObject([{ kind: 'welcome', identity: welcome.identity }]);
  });

  it('as too_many_readers when no more can be remembered', () => {
    const { readers, connect } = givenSidecar();
    const other = { replaced() {}, expired() {} };
    for (let count = 0; count < 10_000; count++) readers.join(join, other);
    const { receive, webSocket } = connect();
    receive(join);
    expect(webSocket.closedWith).toBe(closeCodes.too_many_readers);
  });

  it('as not_reporting when its replicas do not count any more', async () => {
    const { clock, readers, webSocket } = givenFollower();
    await clock.advance(5000 + 2500);
    readers.replicas();
    expect(webSocket.closedWith).toBeUndefined();
    await clock.advance(1);
    readers.replicas();
    expect(webSocket.closedWith).toBe(closeCodes.not_reporting);
  });

  it('before it has joined, and no reader is remembered for what comes afterwards', () => {
    const { readers, connect } = givenSidecar();
    const { receive, receiveRaw } = connect();
    receiveRaw(Buffer.alloc(0));
    receive(join);
    expect(readers.replicas()).toEqual([]);
  });

  it('once, and takes and sends nothing afterwards', () => {
    const { receiveRaw, receive, webSocket, connection, kinds, change } = givenFollower();
    receiveRaw(Buffer.alloc(0));
    receive(follow);
    change();
    connection.pump();
    connection.prove(Buffer.alloc(0), 1);
    connection.goodbye();
    connection.look();
    connection.look();
    expect({ closedWith: webSocket.closedWith, kinds: kinds(), pings: webSocket.pings }).toEqual({
      closedWith: closeCodes.bad_frame,
      kinds: ['welcome', 'heartbeat'],
      pings: 0,
    });
  });
});

describe('a frame of a kind that this version does not have', () => {
  it('is ignored', () => {
    const { receiveRaw, webSocket, receive, sent } = givenFollower();
    const frame = new FrameWriter('scratch').begin('goodbye').u8(1).end();
    receiveRaw(Buffer.from(frame));
    receive(ask(3));
    expect({ closedWith: webSocket.closedWith, last: sent.at(-1) }).toMatchObject({
      closedWith: undefined,
      last: { echo: 3 },
    });
  });
});

describe('the silence of a reader', () => {
  it('ends its connection at the fifth look without a byte, and its entry has no connection then', () => {
    const { look, webSocket, readers, receive } = givenFollower();
    receive({ kind: 'report', seq: 0, rows: [{ n: 0, failOpen: false, maxStalenessMs: 5000 }] });
    look(1, 1);
    look(4);
    expect({ terminated: webSocket.terminated, slowest: readers.slowest() }).toEqual({ terminated: false, slowest: 0 });
    look(1);
    expect({ terminated: webSocket.terminated, slowest: readers.slowest() }).toEqual({
      terminated: true,
      slowest: undefined,
    });
  });

  it('is counted anew after each byte', () => {
    const { look, webSocket } = givenFollower();
    for (let time = 0; time < 5; time++) {
      look(1, 1);
      look(4);
    }
    expect(webSocket.terminated).toBe(false);
  });

  it('is told from a quiet link by a ping at every second look', () => {
    const { look, webSocket } = givenFollower();
    look(8, 1);
    expect(webSocket.pings).toBe(4);
  });

  it('is told so together with a heartbeat where heartbeats come, so that an idle reader wakes once', () => {
    const { look, webSocket, connection, kinds } = givenFollower();
    const beat = () =>
      connection.prove(
        messageOf(encodeDown(new FrameWriter('slab'), { kind: 'heartbeat', n: 0, provenAtMs: 1, ageMs: 0, echo: 0 })),
        0,
      );
    const pingsAtHeartbeats: number[] = [];
    for (let time = 0; time < 6; time++) {
      beat();
      pingsAtHeartbeats.push(webSocket.pings);
      look(1, 1);
      expect(webSocket.pings).toBe(pingsAtHeartbeats.at(-1));
    }
    expect(pingsAtHeartbeats).toEqual([0, 0, 1, 1, 2, 2]);
    expect(kinds()).toContain('heartbeat');
  });

  it('waits no longer than half a second for the heartbeat', () => {
    const { look, webSocket, connection } = givenFollower();
    look(1, 1);
    connection.prove(
      messageOf(encodeDown(new FrameWriter('slab'), { kind: 'heartbeat', n: 0, provenAtMs: 1, ageMs: 0, echo: 0 })),
      0,
    );
    look(1, 1);
    expect(webSocket.pings).toBe(0);
    look(1, 1);
    expect(webSocket.pings).toBe(1);
  });
});

describe('a sidecar that stops', () => {
  it('says goodbye behind the changes, and closes', () => {
    const { change, connection, webSocket, kinds } = givenFollower();
    change();
    connection.pump();
    connection.goodbye();
    expect({ closedWith: webSocket.closedWith, kinds: kinds() }).toEqual({
      closedWith: closeCodes.stopping,
      kinds: ['welcome', 'heartbeat', 'changes', 'goodbye'],
    });
  });

  it('says goodbye to a reader that was not welcome yet', () => {
    const { connection, webSocket, receive, kinds } = givenSidecar().connect();
    receive(join);
    connection.goodbye();
    expect({ closedWith: webSocket.closedWith, kinds: kinds() }).toEqual({
      closedWith: closeCodes.stopping,
      kinds: ['goodbye'],
    });
  });
});
