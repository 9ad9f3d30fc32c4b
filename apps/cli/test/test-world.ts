import { systemClock, systemRandom } from '@revocast/denylist/replica';
import { run } from '../src/run.ts';
import type { World } from '../src/world.ts';

export interface TestWorld extends World {
  /** What was written so far. */
  readonly written: { out: string; err: string };
  interrupt(): void;
}

/** Records the output. Has no environment, files or terminal by default. */
export function testWorld(overrides: Partial<World> = {}): TestWorld {
  const written = { out: '', err: '' };
  const interruption = new AbortController();
  const outputTo = (stream: 'out' | 'err') => ({
    isTerminal: false,
    write(text: string) {
      written[stream] += text;
    },
  });
  return {
    environment: {},
    stdout: outputTo('out'),
    stderr: outputTo('err'),
    clock: systemClock,
    random: systemRandom,
    fetch,
    readFile() {
      throw new Error('there is no such file');
    },
    readStandardInput: async () => '',
    interrupted: interruption.signal,
    ...overrides,
    written,
    interrupt: () => interruption.abort(),
  };
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line in this process. */
export async function runIn(world: TestWorld, ...argv: string[]): Promise<Ran> {
  const code = await run(argv, world);
  return { code, out: world.written.out, err: world.written.err };
}
