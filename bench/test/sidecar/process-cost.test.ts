import { describe, expect, it } from '@jest/globals';
import { readProcessCost } from '../../src/sidecar/process-cost.ts';

const isMissing = expect.objectContaining({ code: 'ENOENT' });

describe('the cost of a process, as the kernel counts it', () => {
  it('is what the process reads about itself; only Linux has it', () => {
    if (process.platform !== 'linux') {
      expect(() => readProcessCost(process.pid)).toThrow(isMissing);
      return;
    }
    const kept = Buffer.alloc(64 * 1024 * 1024, 1);
    const { residentBytes, cpuMs } = readProcessCost(process.pid);
    const { user, system } = process.cpuUsage();
    expect(Math.abs(residentBytes - process.memoryUsage.rss())).toBeLessThan(kept.byteLength / 2);
    expect(Math.abs(cpuMs - (user + system) / 1000)).toBeLessThan(500);
  });

  it('cannot be read of a process that does not run', () => {
    expect(() => readProcessCost(2 ** 30)).toThrow(isMissing);
  });
});
