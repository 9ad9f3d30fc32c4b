import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { onFreePorts } from '../../src/world/on-free-ports.ts';

describe('starting on free ports', () => {
  const others: Server[] = [];
  afterEach(async () => {
    for (const server of others.splice(0)) {
      server.close();
      await once(server, 'close');
    }
  });
  /** Simulates another process that takes the port. */
  const occupy = async (port: number): Promise<void> => {
    const server = createServer().listen(port, '127.0.0.1');
    others.push(server);
    await once(server, 'listening');
  };

  it('starts again on other ports when another process has taken one', async () => {
    const taken: number[] = [];
    const started = await onFreePorts(async (takePort) => {
      const ports = [await takePort(), await takePort()];
      taken.push(...ports);
      if (taken.length > 2) return ports;
      await occupy(ports[1] ?? 0);
      throw new Error('api-1 ended with exit code 1');
    });
    expect(started).toEqual(taken.slice(2));
  });

  it('does not start again when every port is free, also for an error with EADDRINUSE in its text', async () => {
    let starts = 0;
    const failed = onFreePorts(async (takePort) => {
      starts += 1;
      await takePort();
      throw new Error('the token file is in use: EADDRINUSE');
    });
    await expect(failed).rejects.toThrow('the token file is in use');
    expect(starts).toBe(1);
  });

  it('fails after three attempts', async () => {
    let starts = 0;
    const failed = onFreePorts(async (takePort) => {
      starts += 1;
      await occupy(await takePort());
      throw new Error(`attempt ${starts}`);
    });
    await expect(failed).rejects.toThrow('attempt 3');
  });
});
