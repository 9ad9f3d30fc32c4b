import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '../src/free-port.ts';
import { type Supervised, type SuperviseOptions, supervise } from '../src/supervisor.ts';
import { until } from '../src/until.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'revocast-supervisor-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const started: Supervised[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.stop({ graceMs: 100 })));
});

let scripts = 0;
/** Supervises a script with this source. By default it is ready when it prints "ready". */
async function run(source: string, options: Partial<SuperviseOptions> = {}): Promise<Supervised> {
  scripts += 1;
  const script = join(dir, `script-${scripts}.mjs`);
  await writeFile(script, source);
  const supervised = await supervise({ name: 'worker', script, ready: (line) => line === 'ready', ...options });
  started.push(supervised);
  return supervised;
}

const stays = 'setInterval(() => {}, 1000);';
const printsReady = `console.log('ready'); ${stays}`;

describe('a supervised process', () => {
  it('is ready when it prints its line, and not before', async () => {
    const seen: string[] = [];
    await run(`console.log('starting'); setTimeout(() => console.log('ready'), 50); ${stays}`, {
      stdio: (line) => seen.push(line),
    });
    expect(seen).toEqual(['starting', 'ready']);
  });

  it('is ready when its URL answers 200, and not while it answers 503', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/readyz`;
    await run(
      `import { createServer } from 'node:http';
       let asked = 0;
       createServer((_, response) => response.writeHead(++asked < 3 ? 503 : 200).end(String(asked))).listen(${port}, '127.0.0.1');`,
      { ready: { url } },
    );
    expect(await (await fetch(url)).text()).toBe('4');
  });

  it('receives arguments and environment, without removed variables', async () => {
    const source = `console.log(process.argv[2], process.env.GIVEN, process.env.HOME ?? 'homeless'); ${stays}`;
    const ready = (line: string): boolean => line === 'argument given homeless';
    const supervised = await run(source, { args: ['argument'], env: { GIVEN: 'given', HOME: undefined }, ready });
    expect(supervised.pid).toBeGreaterThan(0);
  });

  it('can be an executable', async () => {
    const args = ['-c', 'echo ready; exec sleep 600'];
    const supervised = await supervise({ name: 'shell', command: '/bin/sh', args, ready: (line) => line === 'ready' });
    await expect(supervised.stop()).resolves.toEqual({ code: null, signal: 'SIGTERM' });
  });
});

describe('a process that does not start', () => {
  it('fails with its name, exit code and last lines', async () => {
    const source = `console.log('reading config'); console.error('port is taken'); process.exitCode = 3;`;
    await expect(run(source)).rejects.toThrow(/^worker ended with 3; its last lines:\n(.*\n)*.*port is taken/);
  });

  it('fails and is killed when it is not ready in time', async () => {
    let pid = 0;
    const source = `process.on('SIGTERM', () => {}); console.log(process.pid); ${stays}`;
    const ready = (line: string): boolean => {
      pid = Number(line);
      return false;
    };
    await expect(run(source, { ready, readyTimeoutMs: 500 })).rejects.toThrow('worker was not ready after 500 ms');
    expect(pid).toBeGreaterThan(0);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('fails when the executable does not exist', async () => {
    const missing = supervise({ name: 'ghost', command: join(dir, 'missing'), ready: () => true });
    await expect(missing).rejects.toThrow(/^ghost could not be started: .*ENOENT/);
  });

  it('is not restarted, also with restart: true', async () => {
    const lines: string[] = [];
    const failing = run(`console.log('once');`, { restart: true, stdio: (line) => lines.push(line) });
    await expect(failing).rejects.toThrow('worker ended with 0');
    expect(lines).toEqual(['once']);
  });

  it.each([[{}], [{ command: 'a', script: 'b' }]])('is rejected with %j', async (options) => {
    const both = supervise({ name: 'worker', ready: () => true, ...options });
    await expect(both).rejects.toThrow('worker: expected exactly one of command and script');
  });
});

describe('a process that ends', () => {
  it('is restarted until it is ready', async () => {
    const supervised = await run(printsReady, { restart: true });
    const { pid } = supervised;
    const events: string[] = [];
    supervised.events.on('exit', ({ signal }) => events.push(`exit ${signal}`));
    supervised.events.on('ready', () => events.push('ready'));
    await supervised.kill('SIGKILL');
    expect(supervised.pid).toBeUndefined();
    await supervised.whenReady();
    expect(supervised.pid).not.toBe(pid);
    await until(() => events.length === 2, { what: 'the events' });
    expect(events).toEqual(['exit SIGKILL', 'ready']);
    expect(supervised.exits).toEqual([{ code: null, signal: 'SIGKILL' }]);
  });

  it('is restarted when it exits itself', async () => {
    const supervised = await run(`console.log('ready'); setTimeout(() => process.exit(7), 20);`, { restart: true });
    await until(() => supervised.exits.length >= 2, { what: 'two ends' });
    expect(supervised.exits[0]).toEqual({ code: 7, signal: null });
  });

  it('is restarted again when a restart fails', async () => {
    const marker = join(dir, 'runs');
    const source = `
      import { appendFileSync, readFileSync } from 'node:fs';
      appendFileSync(${JSON.stringify(marker)}, 'x');
      const runs = readFileSync(${JSON.stringify(marker)}).length;
      if (runs === 2 || runs === 3) process.exit(1);
      ${printsReady}`;
    const supervised = await run(source, { restart: true });
    await supervised.kill('SIGKILL');
    await supervised.whenReady();
    expect(supervised.exits.map(({ code, signal }) => code ?? signal)).toEqual(['SIGKILL', 1, 1]);
  });

  it('is not restarted by default', async () => {
    const supervised = await run(printsReady);
    await supervised.kill('SIGKILL');
    await expect(supervised.whenReady()).rejects.toThrow('worker has ended and is not restarted');
  });

  it('continues after SIGSTOP and SIGCONT as the same process', async () => {
    const supervised = await run(printsReady, { restart: true });
    const { pid } = supervised;
    await supervised.kill('SIGSTOP');
    await supervised.kill('SIGCONT');
    expect(supervised.pid).toBe(pid);
    expect(supervised.exits).toEqual([]);
  });
});

describe('stop', () => {
  it('allows a graceful end, and does not restart the process', async () => {
    const source = `process.on('SIGTERM', () => { console.log('bye'); process.exit(0); }); ${printsReady}`;
    const supervised = await run(source, { restart: true });
    await expect(supervised.stop()).resolves.toEqual({ code: 0, signal: null });
    await until(() => supervised.lastLines.includes('bye'), { what: 'its last line' });
    expect(supervised.pid).toBeUndefined();
    expect(supervised.exits).toHaveLength(1);
  });

  it('kills the process after graceMs', async () => {
    const supervised = await run(`process.on('SIGTERM', () => {}); ${printsReady}`);
    await expect(supervised.stop({ graceMs: 50 })).resolves.toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('ends a process that was stopped by SIGSTOP', async () => {
    const supervised = await run(printsReady);
    await supervised.kill('SIGSTOP');
    await expect(supervised.stop()).resolves.toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('ends the wait for a restart, and can be called twice', async () => {
    const supervised = await run(printsReady, { restart: true });
    await supervised.kill('SIGKILL');
    const last = { code: null, signal: 'SIGKILL' };
    await expect(supervised.stop()).resolves.toEqual(last);
    await expect(supervised.stop()).resolves.toEqual(last);
    expect(supervised.pid).toBeUndefined();
  });
});
