import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dieWithParent, until } from '@revocast/test-support';
import { demoScript } from './run-demo.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'revocast-interrupt-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Starts the demo, and interrupts it as soon as `isReached` is true of its output. */
async function interruptWhen(isReached: (output: string) => boolean) {
  // Temporary files of all processes are below this folder.
  const env = { ...process.env, TMPDIR: folder };
  const demo = spawn(process.execPath, [demoScript, '--only', 'a,h'], { env, detached: true });
  dieWithParent(demo);
  const exit = once(demo, 'exit');
  let output = '';
  demo.stdout.on('data', (bytes) => {
    output += String(bytes);
  });
  await until(() => isReached(output), { what: 'the moment of the interrupt', everyMs: 2, timeoutMs: 30_000 });
  demo.kill('SIGINT');
  const [code] = await exit;
  return { code, left: readdirSync(folder) };
}

describe('Ctrl-C', () => {
  it('ends the demo while it starts, and removes its files', async () => {
    const filesExist = () => readdirSync(folder).length > 0;
    expect(await interruptWhen(filesExist)).toEqual({ code: 130, left: [] });
  }, 60_000);

  it('ends the demo in a scene, and removes its files', async () => {
    const isInScene = (output: string) => output.includes('\n(h) ');
    expect(await interruptWhen(isInScene)).toEqual({ code: 130, left: [] });
  }, 60_000);
});
