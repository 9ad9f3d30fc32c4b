import { afterEach, describe, expect, it } from '@jest/globals';
import { createHttpFeed } from '../../src/http/client/feed.ts';
import { paths } from '../../src/http/wire/wire.ts';
import type { FeedBatch } from '../../src/log/feed.ts';
import { systemClock as clock, readBootId } from '../../src/system-clock.ts';
import { startScriptedServer } from '../http/client/scripted-server.ts';
import { reader } from '../replication/scripted-feed.ts';

const cursor = `${'a'.repeat(16)}.0`;
const from = { epoch: 'e1', head: cursor, cursor, healing: false, maxTokenLifetimeSeconds: 1, minReader: 1 };
const closeAll: (() => void)[] = [];
afterEach(() => {
  for (const close of closeAll.splice(0)) close();
});

/** A sidecar that sends a proof dated a day ahead, in the clock of the given boot. */
async function firstProof(bootId: string): Promise<{ batch: FeedBatch | undefined; claimedMs: number; asked: number }> {
  const claimedMs = Math.floor(clock.monotonicMs()) + 86_400_000;
  let asked = 0;
  const server = await startScriptedServer((request, response) => {
    if (request.url === paths.fresh) {
      asked += 1;
      return response.end(JSON.stringify({ position: cursor, ageMs: 700 }));
    }
    if (request.url === paths.stream) return response.writeHead(404).end();
    if (request.url !== paths.events) return response.writeHead(204).end();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const proof = `event: proof\ndata: 1|${claimedMs}.000|${bootId}||\n\n`;
    // The answer to a question is used with the next frame.
    const repeat = setInterval(() => response.write(proof), 20);
    response.once('close', () => clearInterval(repeat));
  });
  const stop = new AbortController();
  closeAll.push(() => {
    stop.abort();
    server.close();
  });
  const connection = await createHttpFeed(server.source, { clock }).connect(stop.signal, reader);
  let batch: FeedBatch | undefined;
  for await (batch of connection.tail(from)) if (batch.provenAtMs !== undefined) break;
  return { batch, claimedMs, asked };
}

describe('a proof in the clock of another host', () => {
  it('is not used: its number has no meaning on this host, so the sidecar is asked for its age', async () => {
    const beganMs = clock.monotonicMs();
    const { batch, asked } = await firstProof('8c7a3a5e-29ad-4f0b-8d0c-6c8f5b1f9e11');
    expect(asked).toBeGreaterThan(0);
    expect(batch?.provenAtMs).toBeGreaterThanOrEqual(beganMs - 700);
    expect(batch?.provenAtMs).toBeLessThanOrEqual(clock.monotonicMs() - 700);
  });

  it('is recognised by its boot id; a proof of this host is used unchanged', async () => {
    const { batch, claimedMs, asked } = await firstProof(readBootId());
    expect(batch?.provenAtMs).toBe(claimedMs);
    expect(asked).toBe(0);
  });
});
