import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { guardCommand } from '../src/die-with-parent.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Starts a parent process that guards a child and then runs `after`. */
async function startParent(after: string): Promise<{ parent: ChildProcess; childPid: number }> {
  const source = fileURLToPath(new URL('../dist/die-with-parent.js', import.meta.url));
  const script = `
    import { spawn } from 'node:child_process';
    import { dieWithParent } from ${JSON.stringify(source)};
    const child = spawn('sleep', ['15'], { detached: true, stdio: ['ignore', 'inherit', 'ignore'] });
    dieWithParent(child);
    process.stdout.write(child.pid + '\\n');
    ${after}
  `;
  const args = ['--input-type=module', '--eval', script];
  const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(parent);
  const [line] = await once(createInterface({ input: parent.stdout }), 'line');
  return { parent, childPid: Number(line) };
}

/** The child shares the stdout of the parent, so the pipe closes when both have ended. */
async function bothEnded(parent: ChildProcess): Promise<void> {
  await once(parent, 'close', { signal: AbortSignal.timeout(5000) });
}

describe('a child whose parent ends', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)('ends when the parent gets %s', async (signal) => {
    const { parent, childPid } = await startParent('');
    expect(isAlive(childPid)).toBe(true);
    parent.kill(signal);
    await bothEnded(parent);
  });

  it('ends when the parent exits', async () => {
    const { parent } = await startParent('setTimeout(() => process.exit(0), 20);');
    await bothEnded(parent);
  });

  it('ends even when it is stopped by SIGSTOP', async () => {
    const { parent, childPid } = await startParent('');
    process.kill(childPid, 'SIGSTOP');
    parent.kill('SIGKILL');
    await bothEnded(parent);
  });

  it('has a guard that does not keep the parent alive', async () => {
    const { parent } = await startParent('child.kill("SIGKILL");');
    const [code] = await once(parent, 'exit', { signal: AbortSignal.timeout(5000) });
    expect(code).toBe(0);
  });
});

describe('the guard of every platform', () => {
  it.each(['linux', 'win32'] as const)('kills the process when its input ends (%s)', async (platform) => {
    const child = spawn('sleep', ['15'], { detached: true, stdio: 'ignore' });
    children.push(child);
    const [command, ...args] = guardCommand(child.pid ?? 0, platform);
    const guard = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'] });
    children.push(guard);
    await once(guard, 'spawn');
    expect(child.signalCode).toBeNull();
    guard.stdin?.end();
    await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
  });
});
