import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** Plays a few faults with real processes; `npm test` has built them. */
function play(
  only: readonly string[],
  ...args: readonly string[]
): Promise<{ summary: unknown; code: number; said: string }> {
  return new Promise((resolve) => {
    const argv = [program, '--json', '--seed=1', `--only=${only.join(',')}`, ...args];
    execFile(process.execPath, argv, { timeout: 110_000 }, (error, stdout, stderr) => {
      const lastLine = stdout.trim().split('\n').at(-1) ?? '';
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
      resolve({ summary: lastLine.startsWith('{') ? JSON.parse(lastLine) : undefined, code, said: stderr });
    });
  });
}

describe('the fault suite in short', () => {
  it('finds nothing against the product', async () => {
    const faults = [
      'sidecar-killed/gets-an-entry',
      'half-open/sidecar',
      'failover/lagging-replica',
      'old-heartbeats/api-process-paused',
      'lifts/lost-then-blocked-again',
    ];
    const { summary, code, said } = await play(faults, '--jobs=3');
    expect({ summary, code, said }).toMatchObject({ code: 0, summary: { faults: 5, runs: 5, violations: 0 } });
  }, 120_000);

  it.each([
    ['no-resync', 'forgotten-past/process-follows-redis'],
    ['lru', 'many-rules/more-than-a-cache-holds'],
    ['silent-accept', 'half-open/sidecar'],
  ])(
    'catches the broken build %s by %s',
    async (build, fault) => {
      const { summary, code, said } = await play([fault], `--broken=${build}`);
      expect({ code, said }).toMatchObject({ code: 1, said: expect.stringContaining('I1:') });
      expect(summary).toMatchObject({ violations: expect.any(Number) });
    },
    60_000,
  );
});
