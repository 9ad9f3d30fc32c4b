import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
// @ts-expect-error: a script, without types of its own
import { readNode } from '../../../scripts/run.mjs';

const script = fileURLToPath(new URL('../../../scripts/mutate-verification.mjs', import.meta.url));

interface Output {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('verify-access-token.ts', () => {
  it('has no step that could be taken out without a row of the table noticing', async () => {
    const { status, stdout, stderr }: Output = await readNode(script);
    const steps = stdout.split('\n').filter((line) => line.startsWith('line '));
    expect({ missed: steps.filter((line) => line.includes('→ 0 rows')), stderr }).toEqual({ missed: [], stderr: '' });
    expect(status).toBe(0);
    // The finder goes by shape: it must have found the checks by name, and the other refusals.
    expect(steps.length).toBeGreaterThan(30);
    for (const check of ['checkType', 'checkExpiry', 'checkAudience', 'checkNotBefore', 'checkKnownTimes']) {
      expect(stdout).toContain(check);
    }
  }, 300_000);
});
