import { afterEach, describe, expect, it } from '@jest/globals';
import { encodeSnapshot } from '../../../src/codec/snapshot.ts';
import { fetchSnapshot, inTurns } from '../../../src/http/client/snapshot.ts';
import { forEver } from '../../../src/rules/rule.ts';
import { systemClock } from '../../../src/system-clock.ts';
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts';

const header = { feed: '0123456789abcdef', n: 7, epoch: 'fedcba9876543210', maxTokenLifetimeSeconds: 86_400 };
const count = 5000;
const words = new Uint32Array(count * 8);
for (let row = 0; row < count; row++) words.set([row, row * 7, 3, 4, forEver, 0, 1, 0], row * 8);
const whole = Buffer.concat([...encodeSnapshot(header, { rows: count, chunks: () => [words] })]);
const damaged = Buffer.from(whole);
damaged[70_000]! ^= 4;
const announced = Buffer.from(whole);
announced.writeUInt32BE(count - 1, 40);

let server: ScriptedServer | undefined;
afterEach(() => server?.close());

/** Counts the turns of the event loop. */
function countTurns() {
  let count = 0;
  let isStopped = false;
  const next = () => {
    count += 1;
    if (!isStopped) setImmediate(next);
  };
  next();
  return {
    get count() {
      return count;
    },
    stop() {
      isStopped = true;
    },
  };
}

/** Fetches a snapshot of which the server sends these bytes; `broken`: then it breaks the connection. */
async function fetching(bytes: Buffer, { broken = false, clock = systemClock } = {}) {
  server = await startScriptedServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    for (let at = 0; at < bytes.length; at += 30_000) response.write(bytes.subarray(at, at + 30_000));
    if (broken) setImmediate(() => response.destroy());
    else response.end();
  });
  return await fetchSnapshot({ source: server.source, signal: new AbortController().signal }, clock);
}

describe('its pages', () => {
  it('come in order, as many in one turn of the event loop as are merged in 4 ms', async () => {
    const pages = Array.from({ length: 20 }, (_, index) => Uint32Array.of(index));
    const turns = countTurns();
    const before = turns.count;
    let nowMs = 0;
    const clock = { ...systemClock, monotonicMs: () => nowMs };
    const seen: (readonly [number | undefined, number])[] = [];
    for await (const page of inTurns(pages, clock)) {
      seen.push([page[0], turns.count]);
      nowMs += 1.5; // merging it
    }
    turns.stop();
    expect(seen.map(([first]) => first)).toEqual(pages.map(([first]) => first));
    const inTurn = seen.map(([, at]) => seen.filter(([, other]) => other === at).length);
    expect(Math.max(...inTurn)).toBe(3);
    // What was done before the first page had a turn of its own.
    expect(seen[0]?.[1]).toBeGreaterThan(before);
  });
});

describe('a snapshot of a sidecar', () => {
  it('is read whole, with its position', async () => {
    const { position, pages } = await fetching(whole);
    const rows = [...pages].flatMap((page) => Array.from({ length: page.length / 8 }, (_, row) => page[row * 8]!));
    expect(rows.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, row) => row));
    expect(position).toMatchObject({ rules: count, cursor: '0123456789abcdef.7', epoch: header.epoch });
  });

  it.each([
    { what: 'with a flipped bit', bytes: damaged, message: /the checksum does not match/ },
    { what: 'that ends early', bytes: whole.subarray(0, 99_000), message: /expected 160052 bytes, found 99000/ },
    { what: 'with more rows than it announces', bytes: announced, message: /expected the end, found more bytes/ },
    { what: 'that is none', bytes: Buffer.alloc(200_000), message: /not a snapshot/ },
  ])('$what is refused, and none of it is available', async ({ bytes, message }) => {
    await expect(fetching(bytes)).rejects.toMatchObject({
      name: 'FeedError',
      code: 'protocol',
      message: expect.stringMatching(message),
    });
  });

  it('is read in several turns of the event loop, however fast it comes', async () => {
    // Every look at this clock is a second later, so each turn is over at its first chunk.
    let nowMs = 0;
    const looks: number[] = [];
    const turns = countTurns();
    const clock = {
      ...systemClock,
      monotonicMs: () => {
        looks[turns.count] = (looks[turns.count] ?? 0) + 1;
        nowMs += 1000;
        return nowMs;
      },
    };
    const { pages } = await fetching(whole, { clock });
    turns.stop();
    expect([...pages].reduce((sum, page) => sum + page.length / 8, 0)).toBe(count);
    // Two looks a chunk. The next turn may begin within one of this count, with the chunk that was held back.
    expect(Math.max(...looks.filter((count) => count > 0))).toBeLessThanOrEqual(4);
  });

  it('whose connection breaks is refused', async () => {
    await expect(fetching(whole.subarray(0, 99_000), { broken: true })).rejects.toThrow('aborted');
  });
});
