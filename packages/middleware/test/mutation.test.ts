import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const script = fileURLToPath(new URL('../../../scripts/mutate-verification.mjs', import.meta.url));

function run(path: string): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [path], (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

describe('verify-access-token.ts', () => {
  it('has no step that could be taken out without a row of the table noticing', async () => {
    const { status, stdout, stderr } = await run(script);
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
