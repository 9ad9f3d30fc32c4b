import { FakeClock } from '@revocast/test-support';
import { newSharedResources, type VerifierWorld } from '../src/create-verifier.ts';

export interface TestWorld extends VerifierWorld {
  readonly clock: FakeClock;
  /** Lines written to stderr. */
  readonly lines: string[];
  /** URLs asked for; the network is refused. */
  readonly fetched: string[];
}

/** A world that stands still, has no network and no environment. */
export function testWorld(overrides: Partial<VerifierWorld> = {}): TestWorld {
  const lines: string[] = [];
  const fetched: string[] = [];
  return {
    random: () => 0.5,
    environment: {},
    stayAlive: () => () => {},
    stderr: (line) => void lines.push(line),
    shared: newSharedResources(),
    ...overrides,
    fetch: async (input, init) => {
      fetched.push(String(input));
      if (overrides.fetch === undefined) throw new TypeError('no network in this test');
      return overrides.fetch(input, init);
    },
    clock: new FakeClock(),
    lines,
    fetched,
  };
}
