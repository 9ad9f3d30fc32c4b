import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

const run = promisify(execFile);
const bundler = createRequire(import.meta.url).resolve('esbuild');
const sources = fileURLToPath(new URL('../../../src/', import.meta.url));
/** Two containers of one pod: one host name, and process ids that mean nothing to each other. */
const [one, two] = ['pid:[1]', 'pid:[2]'].map((pidNamespace) => ({ host: 'pod', boot: 'boot', pidNamespace }));

let built: string;
let dir: string;
let path: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'revocast-two-processes-'));
  const entry = join(built, 'entry.ts');
  // Ten times as fast as real time, in both processes.
  await writeFile(
    entry,
    `import { createInterface } from 'node:readline';
    import { openFileSource } from '${sources}embedded/file/source.ts';
    import { systemClock, randomHex } from '${sources}system-clock.ts';
    import { digestOf, digestSetOf } from '${sources}rules/digest.ts';
    const clock = { monotonicMs: () => 10 * systemClock.monotonicMs(), wallMs: () => Date.now(),
      sleep: (ms, ...rest) => systemClock.sleep(ms / 10, ...rest) };
    const subject = (value) => ({ dimension: 'subject', issuer: 'https://issuer.example/', value });
    const say = (line) => process.stdout.write(line + '\\n');
    const [path, place] = process.argv.slice(2);
    try {
      const source = await openFileSource({ kind: 'file', name: 'file:log', path }, { clock, newEpoch: () => randomHex(8), place: JSON.parse(place) });
      say('open');
      for await (const line of createInterface({ input: process.stdin })) {
        const [verb, name] = line.split(' ');
        if (verb === 'close') { await source.close(); say('closed'); break; }
        if (verb === 'find') say((await source.lookUp.find(digestSetOf([subject(name)]), 1)).verdict);
        if (verb === 'complaints') say((await source.health()).misconfigurations.map(({ name }) => name).join());
        if (verb === 'revoke') {
          const request = { digest: digestOf(subject(name)), statement: { kind: 'deny', until: 0xffffffff }, details: { id: name, kind: 'revoke' } };
          say(await source.log.append(request).then(() => 'revoked', (error) => error.code));
        }
      }
    } catch (error) { say(error.message); }`,
  );
  const options = {
    entryPoints: [entry],
    outfile: join(built, 'entry.mjs'),
    ...{ bundle: true, platform: 'node', format: 'esm', logLevel: 'error', external: ['ioredis'] },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  };
  await run(process.execPath, ['--eval', `require(${JSON.stringify(bundler)}).buildSync(${JSON.stringify(options)})`]);
}, 60_000);
afterAll(() => rm(built, { recursive: true, force: true }));
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'revocast-volume-'));
  path = join(dir, 'log');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

/** Starts a process at a place. @returns its answers in order: first to the start, then one for each command. */
function startAt(place: object | undefined) {
  const child = spawn(process.execPath, [join(built, 'entry.mjs'), path, JSON.stringify(place)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => String((await lines.next()).value);
  return {
    answer,
    ask: (command: string) => {
      child.stdin.write(`${command}\n`);
      return answer();
    },
    signal: (name: NodeJS.Signals) => child.kill(name),
  };
}

describe('two containers with one host name on one volume', () => {
  it('never write at the same time: the second is refused while the first runs', async () => {
    const first = startAt(one);
    expect(await first.answer()).toBe('open');
    expect(await startAt(two).answer()).toMatch(/the log file is locked by process \d+ on pod/);
    expect(await first.ask('revoke alice')).toBe('revoked');
  });

  it('lose nothing that was acknowledged when the first stands still, is replaced, and continues', async () => {
    const first = startAt(one);
    expect(await first.answer()).toBe('open');
    expect(await first.ask('revoke alice')).toBe('revoked');
    first.signal('SIGSTOP');
    const second = startAt(two);
    expect(await second.answer()).toBe('open');
    expect(await second.ask('revoke bob')).toBe('revoked');
    first.signal('SIGCONT');
    expect(['outcome_unknown', 'unavailable']).toContain(await first.ask('revoke carol'));
    expect(await first.ask('complaints')).toContain('file_taken_over');
    expect(await first.ask('find bob')).toBe('unknown');
    expect(await first.ask('close')).toBe('closed');
    expect(await second.ask('revoke dave')).toBe('revoked');
    expect(await second.ask('close')).toBe('closed');

    const third = startAt(one);
    expect(await third.answer()).toBe('open');
    for (const name of ['alice', 'bob', 'dave'])
      expect([name, await third.ask(`find ${name}`)]).toEqual([name, 'revoked']);
  });

  it('take over at once from a killed process of the same namespace', async () => {
    const first = startAt(one);
    expect(await first.answer()).toBe('open');
    first.signal('SIGKILL');
    expect(await startAt(one).answer()).toBe('open');
  });
});
