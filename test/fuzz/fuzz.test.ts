import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const script = fileURLToPath(new URL('../../scripts/fuzz.mjs', import.meta.url));
const planted = 'test/fuzz/planted.ts';

function run(args: string, FUZZ_PROGRAM = planted): Promise<{ status: number; text: string }> {
  const env = { ...process.env, FUZZ_PROGRAM };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [script, ...args.split(' ')], { env }, (_error, stdout, stderr) => {
      resolve({ status: child.exitCode ?? -1, text: stdout + stderr });
    });
  });
}

function inputOf(text: string): string {
  return Buffer.from(/input \(hex\): ([0-9a-f]*)/.exec(text)?.[1] ?? '', 'hex').toString('utf8');
}

describe('the fuzzer', () => {
  it.each([
    ['throws', 'throw: TypeError: two brackets', /^\[\[$/],
    ['slow', 'hang', /^(?=.*"").{0,60}$/],
    ['pollutes', 'pollution: Object.prototype.polluted', /^.{0,20}"__proto__":.{0,3}\}$/],
    ['replaces', 'pollution: Array.prototype.at', /^$/],
  ])(
    'finds the fault of the decoder that %s, with a small input',
    async (name, found, small) => {
      const { status, text } = await run(`--seconds 20 --seed 1 --only ${name}`);
      expect({ status, text }).toEqual({ status: 1, text: expect.stringContaining(`FAILED ${name}: ${found}`) });
      expect(text).toContain(`repeat: npm run fuzz -- --seed 1 --only ${name}`);
      expect(inputOf(text)).toMatch(small);
    },
    180_000,
  );

  it('finds a decoder whose memory grows', async () => {
    const { status, text } = await run('--seconds 3 --seed 1 --only grows');
    expect({ status, text }).toEqual({ status: 1, text: expect.stringContaining('FAILED grows: growth') });
  });

  it('ends a decoder that never returns, and prints the input', async () => {
    const { status, text } = await run('--seconds 60 --seed 1 --only never-returns');
    expect({ status, text }).toEqual({ status: 1, text: expect.stringContaining('FAILED never-returns: hang') });
    expect(inputOf(text)).toContain('__proto__');
  });

  it('ends with 0 when nothing was found, and says how many inputs there were', async () => {
    const { status, text } = await run('--seconds 1 --seed 1 --only faultless');
    expect({ status, text }).toEqual({
      status: 0,
      text: expect.stringMatching(/\| faultless \| [1-9]\d* \| [1-9]\d* \| nothing \|/),
    });
  });

  it.each([
    ['--seconds 0', '--seconds: expected 1–86400, found 0'],
    ['--seed x', '--seed: expected 0–4294967295, found x'],
    ['--only nothing', '--only: expected names from faultless'],
    ['--minutes 1', "Unknown option '--minutes'"],
  ])('refuses %s', async (args, message) => {
    expect(await run(args)).toEqual({ status: 2, text: expect.stringContaining(message) });
  });

  it('runs every decoder of data from outside', async () => {
    const { text: names } = await run('--list', 'test/fuzz/main.ts');
    const { status, text } = await run('--seconds 4 --seed 1', 'test/fuzz/main.ts');
    expect({ status, text }).toEqual({ status: 0, text: expect.stringContaining(', seed 1: 0 failed') });
    const table = [...text.matchAll(/^\| (\S+) \| [1-9]\d* \|/gm)].map(([, name]) => name);
    expect(table).toEqual(names.trim().split('\n'));
    expect(table.length).toBeGreaterThanOrEqual(16);
  });
});
