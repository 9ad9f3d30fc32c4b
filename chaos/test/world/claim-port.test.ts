import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type ClaimedPort, claimPort } from '../../src/world/claim-port.ts';

const claims: ClaimedPort[] = [];

/** A random source that selects the same port `times` times, and then random ports. */
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

  it('is not claimed twice, although no process listens on it', async () => {
    const first = await claim();
    const second = await claim(drawing(first.port, 3));
    expect(second.port).not.toBe(first.port);
  });

  it('can be claimed again after its release', async () => {
    const { port, release } = await claimPort();
    release();
    expect((await claim(drawing(port, 1))).port).toBe(port);
  });

  it('is never one on which a process listens without a claim', async () => {
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
