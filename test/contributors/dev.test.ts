import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Supervised, supervise, until } from '@revocast/test-support';

const root = fileURLToPath(new URL('../..', import.meta.url));
const script = join(root, 'scripts/dev.mjs');
const apiSource = 'apps/demo/src/api/create-api.ts';

let copy: string;
let dev: Supervised;
const lines: string[] = [];

beforeAll(async () => {
  copy = copyRepository();
  // As in a fresh clone, in which nothing else has been built.
  rmSync(join(copy, 'apps/sidecar/dist'), { recursive: true });
  dev = await startDev((line) => line.startsWith('watching '), lines);
}, 150_000);

afterAll(async () => {
  await dev?.stop();
  rmSync(copy, { recursive: true, force: true });
}, 30_000);

/** What `npm run dev` builds and starts, so that the test does not write into the checkout. */
function copyRepository(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dev-test-'));
  mkdirSync(join(folder, 'node_modules'));
  for (const name of readdirSync(join(root, 'node_modules')).filter((entry) => entry !== '@revocast')) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  // The links to the workspaces are relative. They lead to the copy when they are copied as they are.
  const parts = ['packages', 'apps', 'test-support', 'tsconfig.base.json', 'node_modules/@revocast'];
  for (const part of parts) {
    // With their times: the compiler sees from these that the built files are up to date.
    const options = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };
    cpSync(join(root, part), join(folder, part), options);
  }
  return folder;
}

function startDev(ready: (line: string) => boolean, output: string[]): Promise<Supervised> {
  return supervise({
    name: 'npm run dev',
    script,
    args: ['--root', copy, '--source', 'file', '--free-ports'],
    ready,
    readyTimeoutMs: 120_000,
    stdio: (line) => output.push(line),
  });
}

/** Saves a file of the copy as many editors do: under another name, then renamed. */
function save(path: string, text: string): void {
  const file = join(copy, path);
  writeFileSync(`${file}.saving`, text);
  renameSync(`${file}.saving`, file);
}

function edited(path: string, from: string, to: string): string {
  const text = readFileSync(join(copy, path), 'utf8');
  if (!text.includes(from)) throw new Error(`${path} does not contain ${from}: update this test`);
  return text.replace(from, to);
}

/** Saves a file, and returns the lines that are printed from then until one matches `pattern`. */
async function saveAndWait(path: string, text: string, pattern: RegExp): Promise<string[]> {
  const start = lines.length;
  save(path, text);
  const printed = () => lines.slice(start);
  await until(() => printed().some((line) => pattern.test(line)), {
    what: `a line that matches ${pattern}`,
    timeoutMs: 90_000,
  });
  return printed();
}

const edit = (path: string, from: string, to: string, pattern: RegExp): Promise<string[]> =>
  saveAndWait(path, edited(path, from, to), pattern);

const urlOf = (name: string): string => new RegExp(`^${name} +(http://\\S+)`, 'm').exec(lines.join('\n'))?.[1] ?? '';
const livez = async (): Promise<unknown> => await (await fetch(`${urlOf('api')}/livez`)).json();

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Processes that work in the copy. Where there is no /proc, none are found. */
function compilersOfCopy(): string[] {
  const pids = existsSync('/proc') ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : [];
  return pids.filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === copy;
    } catch {
      return false; // it has ended, or belongs to another user
    }
  });
}

describe('npm run dev', () => {
  it('starts the issuer, a sidecar and an API, which accepts the token in the printed file', async () => {
    const file = /-H @(\S+)/.exec(lines.join('\n'))?.[1] ?? '';
    const authorization = readFileSync(file, 'utf8').trim().replace('Authorization: ', '');
    const response = await fetch(`${urlOf('api')}/orders`, { headers: { authorization } });
    expect(response.status).toBe(200);
    expect(lines.join('\n')).not.toContain(authorization);
  });

  it('restarts the API alone when its source changes, and the new code answers', async () => {
    expect(await livez()).toEqual({ live: true });
    const printed = await edit(apiSource, '{ live: true }', '{ live: true, edited: 1 }', /^restarted /);
    expect(printed).toContain('changed: apps/demo');
    expect(printed.find((line) => line.startsWith('restarted '))).toMatch(/^restarted api-1 \(process \d+\) in/);
    expect(await livez()).toEqual({ live: true, edited: 1 });
  }, 120_000);

  it('goes on with the last good build when a change does not compile, and continues after the correction', async () => {
    const printed = await edit(apiSource, 'edited: 1 }', 'edited: missing }', /^the build failed; /);
    expect(printed.join('\n')).toContain("Cannot find name 'missing'");
    expect(await livez()).toEqual({ live: true, edited: 1 });
    await edit(apiSource, 'edited: missing }', 'edited: 2 }', /^restarted api-1/);
    expect(await livez()).toEqual({ live: true, edited: 2 });
  }, 200_000);

  it('notices files in a new folder, and restarts the sidecar as well when they are in the denylist', async () => {
    const file = 'packages/denylist/src/new-folder/new.ts';
    const built = () => readFileSync(join(copy, 'packages/denylist/dist/new-folder/new.js'), 'utf8');
    const both = /^restarted sidecar-1 \(process \d+\) and api-1 \(process \d+\) in/;
    mkdirSync(dirname(join(copy, file)));
    await saveAndWait(file, 'export const step = 1;\n', both);
    expect(built()).toContain('step = 1');
    await saveAndWait(file, 'export const step = 2;\n', both);
    expect(built()).toContain('step = 2');
  }, 200_000);

  it('ends every process on Ctrl-C and removes its files', async () => {
    const pids = [...lines.join('\n').matchAll(/\bprocess (\d+)/g)].map(([, pid]) => Number(pid));
    expect(pids.length).toBeGreaterThanOrEqual(6);
    const folder = dirname(/-H @(\S+)/.exec(lines.join('\n'))?.[1] ?? '');
    await dev.kill('SIGINT');
    expect(dev.exits).toEqual([{ code: 0, signal: null }]);
    expect({ running: pids.filter(isRunning), folder: existsSync(folder) }).toEqual({ running: [], folder: false });
  }, 30_000);

  it.each(['compiling', 'compiled in'])(
    'stops without a complaint when Ctrl-C comes while it starts, after the line %s',
    async (line) => {
      // Something to compile, so that the compiler still runs.
      rmSync(join(copy, 'packages/denylist/dist/.tsbuildinfo'), { force: true });
      const output: string[] = [];
      const starting = await startDev((printed) => printed.startsWith(line), output);
      await starting.kill('SIGINT');
      expect(starting.exits).toEqual([{ code: 0, signal: null }]);
      expect({ lastLine: output.at(-1), running: compilersOfCopy() }).toEqual({ lastLine: 'stopping', running: [] });
    },
    150_000,
  );
});

describe('the command line of npm run dev', () => {
  const run = (...args: string[]) => spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });

  it('prints its options for --help and starts nothing', () => {
    const { status, stdout } = run('--help');
    expect(status).toBe(0);
    for (const option of ['--source', '--free-ports', '--root', '--help']) expect(stdout).toContain(option);
    expect(stdout).not.toContain('compiling');
  });

  it.each([
    [['--sauce', 'file'], "'--sauce'"],
    [['--source', 'memory'], '--source: expected redis or file, found memory'],
  ])('ends with 2 for %j', (args, message) => {
    const { status, stderr } = run(...args);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(message) });
  });
});
