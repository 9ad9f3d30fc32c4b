import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createWorld, type World } from './world.ts';

type Party = 'owner' | 'thief';
interface Step {
  readonly party: Party;
  /** Time since the step before. */
  readonly waitMs: number;
}

const graceMs = 30_000;
const use = { client: 'shop', accessSeconds: 900 };
const foundOut = ['late_retry', 'replayed'];

/** Both hold a copy of the same refresh token, and each refreshes with the newest token that it has received. */
async function play(steps: readonly Step[]) {
  const world = createWorld();
  const { families, clock } = world;
  const opened = await families.open({ subject: 'alice', ...use });
  const held: Record<Party, string> = { owner: opened.refreshToken, thief: opened.refreshToken };
  /** When each token was first spent. */
  const spentAtMs = new Map<string, { readonly by: Party; readonly atMs: number }>();
  const lines: Line[] = [];
  for (const { party, waitMs } of steps) {
    clock.nowMs += waitMs;
    const token = held[party];
    const spent = spentAtMs.get(token);
    const answer = await families.present(token, use);
    const first = spent ?? { by: party, atMs: clock.nowMs };
    spentAtMs.set(token, first);
    lines.push({ party, outcome: answer.outcome, lateMs: clock.nowMs - first.atMs, byOther: first.by !== party });
    if (answer.ok) held[party] = answer.refreshToken;
  }
  return { world, lines, held };
}

interface Line {
  readonly party: Party;
  readonly outcome: string;
  /** How long before this the same token was spent. */
  readonly lateMs: number;
  /** The other party spent it. */
  readonly byOther: boolean;
}

/** What must hold of every run. */
function judge({ world, lines }: { world: World; lines: readonly Line[] }): void {
  let isFound = false;
  let spentTogether = 0;
  for (const { party, outcome, lateMs, byOther } of lines) {
    if (isFound) {
      // After it was found, neither of both can refresh.
      expect({ party, outcome }).toEqual({ party, outcome: 'ended' });
      continue;
    }
    if (byOther && lateMs > graceMs) expect(foundOut).toContain(outcome);
    if (byOther && lateMs <= graceMs) spentTogether += 1;
    isFound = foundOut.includes(outcome);
    expect(['rotated', 'retried', ...foundOut]).toContain(outcome);
  }
  const reuses = world.noted.map((event) => ({
    type: event.type,
    reason: 'reason' in event ? event.reason : undefined,
  }));
  expect(reuses).toEqual(isFound ? [{ type: 'grant_revoked', reason: 'refresh_reuse' }] : []);
  // A thief who is never late leaves a trace in each generation.
  if (spentTogether < 3) expect(world.shadowed).toEqual([]);
}

describe('a thief and an owner of one bearer family', () => {
  it('are found out the first time one of them spends a token more than the grace after the other', async () => {
    const step = fc.record({
      party: fc.constantFrom<Party>('owner', 'thief'),
      waitMs: fc.oneof(fc.constantFrom(0, 1, graceMs - 1, graceMs, graceMs + 1), fc.integer({ min: 0, max: 90_000 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => judge(await play(steps))),
      { numRuns: 300 },
    );
  });

  it('are found out in every interleaving of five refreshes', async () => {
    const choices = (['owner', 'thief'] as const).flatMap((party) =>
      [0, graceMs, graceMs + 1].map((waitMs): Step => ({ party, waitMs })),
    );
    let runs = 0;
    // Both hold the same at first, so that it does not matter which of them begins.
    for (const rest of sequences(choices, 4)) {
      judge(await play([{ party: 'owner', waitMs: 0 }, ...rest]));
      runs += 1;
    }
    expect(runs).toBe(6 ** 4);
  });

  it('are found out at once when one of them is two generations behind, even within the grace', async () => {
    const { lines } = await play([
      { party: 'owner', waitMs: 0 },
      { party: 'owner', waitMs: 1 },
      { party: 'thief', waitMs: 1 },
    ]);
    expect(lines.map(({ outcome }) => outcome)).toEqual(['rotated', 'rotated', 'replayed']);
  });

  it('are reported as shadowed, once, when they spend three tokens together', async () => {
    const together: Step[] = [
      { party: 'owner', waitMs: 600_000 },
      { party: 'thief', waitMs: 1000 },
    ];
    const two = await play([...together, ...together]);
    expect(two.world.shadowed).toEqual([]);
    const three = await play([...together, ...together, ...together]);
    expect(three.world.shadowed).toEqual(['shop']);
    const five = await play([...together, ...together, ...together, ...together, ...together]);
    expect(five.world.shadowed).toEqual(['shop']);
  });

  it('are not reported as shadowed when a generation between was not retried', async () => {
    const together: Step[] = [
      { party: 'owner', waitMs: 600_000 },
      { party: 'owner', waitMs: 600_000 },
      { party: 'owner', waitMs: 600_000 },
    ];
    expect((await play(together)).world.shadowed).toEqual([]);
  });
});

function* sequences<Item>(items: readonly Item[], length: number): Generator<Item[]> {
  if (length === 0) {
    yield [];
    return;
  }
  for (const rest of sequences(items, length - 1)) for (const item of items) yield [...rest, item];
}
