import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { dieWithParent } from '@revocast/test-support';
import { root } from '../docker/root.ts';

export const demoScript = join(root, 'apps/demo/dist/main.js');

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built demo until it ends. */
export function runDemo(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const child = spawn(process.execPath, [demoScript, ...args], { env: { ...process.env, ...env }, detached: true });
  dieWithParent(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (bytes) => {
    stdout += String(bytes);
  });
  child.stderr.on('data', (bytes) => {
    stderr += String(bytes);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
