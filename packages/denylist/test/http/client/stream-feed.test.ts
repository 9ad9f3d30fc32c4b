import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { StreamFeed } from '../../../src/http/client/stream-feed.ts';
import type { DownFrame } from '../../../src/http/wire/frames/down.ts';
import { decodeUp, type UpFrame } from '../../../src/http/wire/frames/up.ts';
import type { FeedBatch } from '../../../src/log/feed.ts';
import { reader } from '../../replication/scripted-feed.ts';

const feedId = 'f'.repeat(16);
const cursor = `${feedId}.0`;
const from = { epoch: 'e1', head: cursor, cursor, healing: false, maxTokenLifetimeSeconds: 1, minReader: 1 };
const bootId = 'b'.repeat(32);

/** A reader that follows, on this host or on another one, over a stream that the test holds in its hands. */
async function givenFollower({ sameHost }: { readonly sameHost: boolean }) {
  const clock = new FakeClock();
  const sent: (UpFrame | { readonly kind: 'unknown' })[] = [];
  const waiting: DownFrame[][] = [];
  let wake: () => void = () => {};
  let look: () => void = () => {};
  const stream = {
    onFrame: (_frame: DownFrame) => {},
    closed: new AbortController().signal,
    send: (frame: Buffer) => void sent.push(decodeUp(Buffer.from(frame))),
    watch: (_clock: unknown, onLook: () => void) => {
      look = onLook;
    },
    close() {},
    async next(): Promise<readonly DownFrame[]> {
      while (waiting.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return waiting.shift() ?? [];
    },
  };
  const feed = new StreamFeed({
    ...{ clock, reader, secrets: new WeakMap(), isStopping: () => false },
    stream: stream as never,
    client: {} as never,
    bootId: sameHost ? bootId : undefined,
  });
  const batches: FeedBatch[] = [];
  const read = async () => {
    for await (const batch of feed.tail(from)) batches.push(batch);
  };
  const { identity, secret } = { identity: 'a'.repeat(16), secret: 'c'.repeat(32) };
  stream.onFrame({ kind: 'welcome', feed: feedId, n: 0, identity, secret, bootId });
  const ended = read();
  await clock.advance(0);
  return {
    ...{ clock, feed, batches, ended },
    /** Questions so far. */
    asked: () => sent.flatMap((frame) => (frame.kind === 'ask' ? [frame.echo] : [])),
    kinds: () => sent.map(({ kind }) => kind),
    /** Looks twice a second for so long. */
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += 500) {
        await clock.advance(500);
        look();
      }
    },
    async heartbeat(echo: number, ageMs = 0) {
      waiting.push([{ kind: 'heartbeat', n: 0, provenAtMs: 1, ageMs, echo }]);
      wake();
      await clock.advance(0);
    },
  };
}

describe('a reader that has sent follow and hears no heartbeat', () => {
  it('asks for one every 3 s, so that a sidecar that did not receive follow closes the connection', async () => {
    const { pass, asked, kinds } = await givenFollower({ sameHost: true });
    await pass(2500);
    expect(asked()).toEqual([]);
    await pass(500);
    expect({ asked: asked(), first: kinds().filter((kind) => kind !== 'report') }).toEqual({
      asked: [1],
      first: ['join', 'follow', 'ask'],
    });
    await pass(6000);
    expect(asked()).toEqual([1, 2, 3]);
  });

  it('does not ask while heartbeats come', async () => {
    const { pass, asked, heartbeat } = await givenFollower({ sameHost: true });
    for (let time = 0; time < 10; time++) {
      await pass(1000);
      await heartbeat(0);
    }
    expect(asked()).toEqual([]);
  });
});

describe('a reader on another host than its sidecar', () => {
  it('asks at a heartbeat, and believes the answer to its question only', async () => {
    const { clock, asked, heartbeat, batches, pass } = await givenFollower({ sameHost: false });
    await heartbeat(0);
    const askedAtMs = clock.monotonicMs();
    await pass(500);
    await heartbeat(0);
    await heartbeat(1, 20);
    expect({ asked: asked(), proven: batches.map(({ provenAtMs }) => provenAtMs) }).toEqual({
      asked: [1],
      proven: [undefined, undefined, askedAtMs - 20],
    });
  });

  it('asks anew when there was no answer for 3 s, and ignores the late answer to the old question', async () => {
    const { clock, asked, heartbeat, batches, pass } = await givenFollower({ sameHost: false });
    await heartbeat(0);
    for (let time = 0; time < 3; time++) {
      await pass(1000);
      await heartbeat(0);
    }
    const askedAtMs = clock.monotonicMs();
    await heartbeat(1);
    await heartbeat(2);
    expect({ asked: asked(), proven: batches.map(({ provenAtMs }) => provenAtMs).slice(-2) }).toEqual({
      asked: [1, 2],
      proven: [undefined, askedAtMs],
    });
  });
});
