import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const histories = mkdtempSync(join(tmpdir(), 'revocast-chaos-test-'));
const limitMs = 160_000;

interface Played {
  readonly summary: unknown;
  readonly code: number;
  readonly said: string;
}

/** Plays faults with real processes from dist, which `npm test` builds. */
function play(only: readonly string[], ...args: readonly string[]): Promise<Played> {
  return new Promise((resolve) => {
    const argv = [program, '--json', '--seed=1', `--only=${only.join(',')}`, `--history=${histories}/${args}`, ...args];
    execFile(process.execPath, argv, { timeout: limitMs }, (error, stdout, stderr) => {
      const lastLine = stdout.trim().split('\n').at(-1) ?? '';
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
      resolve({ summary: lastLine.startsWith('{') ? JSON.parse(lastLine) : undefined, code, said: stderr });
    });
  });
}

const faults = ['sidecar-killed/gets-an-entry', 'half-open/sidecar'];
const brokenBuilds: readonly (readonly [build: string, fault: string])[] = [
  ['no-resync', 'forgotten-past/process-follows-redis'],
  ['lru', 'many-rules/more-than-a-cache-holds'],
  ['silent-accept', 'half-open/sidecar'],
];

describe('a short run of the fault suite', () => {
  const played = new Map<string, Played>();

  // All at the same time, because faults mostly wait.
  beforeAll(async () => {
    const remember = async (build: string, run: Promise<Played>) => void played.set(build, await run);
    await Promise.all([
      remember('product', play(faults, '--jobs=2')),
      ...brokenBuilds.map(([build, fault]) => remember(build, play([fault], `--broken=${build}`))),
    ]);
  }, limitMs + 10_000);
  afterAll(() => rmSync(histories, { recursive: true, force: true }));

  it('finds no violation in the product', () => {
    expect(played.get('product')).toMatchObject({ code: 0, summary: { faults: 2, runs: 2, violations: 0 } });
  });

  it.each(brokenBuilds)('finds the defect of the build %s with %s', (build) => {
    expect(played.get(build)).toMatchObject({ code: 1, said: expect.stringContaining('I1:') });
  });
});
