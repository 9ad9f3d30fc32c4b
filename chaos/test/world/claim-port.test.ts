import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type ClaimedPort, claimPort } from '../../src/world/claim-port.ts';

const claims: ClaimedPort[] = [];

/** Draws the same number as often as given, and then any. */
function drawing(port: number, times: number): () => number {
  let drawn = 0;
  return () => (drawn++ < times ? (port - 12_000 + 0.5) / 20_000 : Math.random());
}

async function claim(random?: () => number): Promise<ClaimedPort> {
  const claimed = await claimPort(random);
  claims.push(claimed);
  return claimed;
}

afterEach(() => {
  for (const { release } of claims.splice(0)) release();
});

describe('a claimed port', () => {
  it('is free for TCP', async () => {
    const { port } = await claim();
    const server = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve) => {
      server.once('listening', resolve);
    });
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });

  it('is not claimed twice, although nobody listens there', async () => {
    const first = await claim();
    const second = await claim(drawing(first.port, 3));
    expect(second.port).not.toBe(first.port);
  });

  it('is for others once it is released', async () => {
    const { port, release } = await claimPort();
    release();
    expect((await claim(drawing(port, 1))).port).toBe(port);
  });

  it('is none where somebody listens who claimed nothing', async () => {
    const { port, release } = await claimPort();
    const server = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve) => {
      server.once('listening', resolve);
    });
    release();
    expect((await claim(drawing(port, 2))).port).not.toBe(port);
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
});
