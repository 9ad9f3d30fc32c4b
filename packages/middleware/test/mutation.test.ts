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

describe('the request path', () => {
  it('has no step that can be removed without failing a row of the table', async () => {
    const { status, stdout, stderr } = await run(script);
    const steps = stdout.split('\n').filter((line) => line.includes(' → '));
    expect({ unguarded: steps.filter((line) => line.includes('→ no row fails')), stderr, status }).toEqual({
      unguarded: [],
      stderr: '',
      status: 0,
    });
    // Steps are found by their shape. These must be among them: checks of the lists, and other refusals of each file.
    expect(steps.length).toBeGreaterThan(35);
    const expected = ['checkType', 'checkAudience', 'bad_signature', 'decideProof', 'revocation.decide', 'revoked_'];
    expect(expected.filter((name) => !stdout.includes(name))).toEqual([]);
  }, 300_000);
});
