import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { freePort, startRedis, until } from '@revocast/test-support';
import { Redis } from 'ioredis';
import { program, runProgram, type SidecarProcess, startSidecarProcess } from './sidecar-process.ts';

// Real processes on a machine that may be busy, so the limit of each test is long.
jest.setTimeout(60_000);

const running: SidecarProcess[] = [];
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'revocast-main-'));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ process }) => process.stop()));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function start(...args: string[]): Promise<SidecarProcess> {
  const sidecar = await startSidecarProcess(args);
  running.push(sidecar);
  return sidecar;
}

const unreachable = '--source=redis://:hunter2@127.0.0.1:1';

describe('given few file descriptors', () => {
  it('starts with 30: its code is one file', async () => {
    const command = 'ulimit -n 30; exec "$0" "$1" --version';
    const stdout = await new Promise((resolve, reject) => {
      execFile('sh', ['-c', command, process.execPath, program], (error, out) =>
        error === null ? resolve(out) : reject(error),
      );
    });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('given a Redis that cannot be reached', () => {
  it('is live and not ready, with a remedy', async () => {
    const { adminUrl, dataUrl } = await start(unreachable, '--drain-ms=0');
    expect((await fetch(`${adminUrl}/livez`)).status).toBe(200);
    const ready = await until(
      async () => {
        const response = await fetch(`${adminUrl}/readyz`);
        const text = await response.text();
        return text.includes('lastError') ? { status: response.status, body: JSON.parse(text) } : undefined;
      },
      { what: 'the first failed attempt' },
    );
    expect(ready).toMatchObject({ status: 503, body: { check: 'first_snapshot', lastError: 'unreachable' } });
    expect((await fetch(`${dataUrl}/v1/snapshot`)).status).toBe(503);
    expect((await fetch(`${adminUrl}/startupz`)).status).toBe(503);
  });

  it('logs one JSON line for repeated attempts, without the password', async () => {
    const sidecar = await start(unreachable, '--drain-ms=0');
    await until(() => sidecar.log().length >= 3, { what: 'the first failures' });
    await sidecar.process.stop();
    const messages = sidecar.log().map(({ msg }) => msg);
    expect(messages.slice(0, 1)).toEqual(['started']);
    expect(messages.slice(-2)).toEqual(['stopping', 'stopped']);
    expect(new Set(messages).size).toBe(messages.length);
    expect(JSON.stringify(sidecar.log())).not.toContain('hunter2');
  });
});

describe('given a signal', () => {
  it('is unready at once, serves while it drains, and exits 0', async () => {
    const { adminUrl, dataUrl, process: supervised, log } = await start('--source=memory:', '--drain-ms=700');
    await until(async () => (await fetch(`${adminUrl}/readyz`)).ok, { what: 'a ready sidecar' });
    const stopped = supervised.stop();
    await until(async () => (await fetch(`${adminUrl}/readyz`)).status === 503, { what: 'an unready sidecar' });
    expect((await fetch(`${dataUrl}/v1/snapshot`)).status).toBe(200);
    expect(await stopped).toEqual({ code: 0, signal: null });
    expect(log().at(-1)).toMatchObject({ msg: 'stopped' });
  });

  it('exits at once on a second signal', async () => {
    const { adminUrl, process: supervised, log } = await start('--source=memory:', '--drain-ms=60000');
    const { pid = 0 } = supervised;
    const exited = new Promise((resolve) => supervised.events.once('exit', resolve));
    process.kill(pid, 'SIGTERM');
    await until(async () => (await fetch(`${adminUrl}/readyz`)).status === 503, { what: 'an unready sidecar' });
    process.kill(pid, 'SIGINT');
    expect(await exited).toEqual({ code: 1, signal: null });
    expect(log().map(({ msg }) => msg)).not.toContain('stopped');
  });
});

describe('given a mistake of the operator', () => {
  it.each([
    ['no source', [], 'source: required'],
    ['an unknown flag', ['--source=memory:', '--drain=1'], 'did you mean --drain-ms?'],
    ['an unknown command', ['strat'], 'unknown command strat'],
    [
      'a listener off loopback without a token',
      ['--source=memory:', '--data-listen=0.0.0.0:0'],
      'readTokenFile: needed',
    ],
    [
      'a token file that is not there',
      ['--source=memory:', '--token-file=/nowhere'],
      'tokenFile: cannot read /nowhere',
    ],
    ['a redis address with an invalid port', ['--source=redis://:hunter2@h:x'], 'source: '],
  ])('exits 2 on %s and says which option', async (_name, args, message) => {
    const { code, stdout, stderr } = await runProgram(args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
    expect(stdout + stderr).not.toContain('hunter2');
  });
});

describe('given a command that prints or checks', () => {
  it('prints the configuration from all places, with secrets masked', async () => {
    const yaml = join(folder, 'revocast.yaml');
    const source = join(folder, 'source');
    writeFileSync(yaml, 'maxReaders: 5\n');
    writeFileSync(source, 'redis://:hunter2@redis:6379\n');
    const env = { REVOCAST_CONFIG: yaml, REVOCAST_SOURCE_FILE: source };
    const { code, stdout } = await runProgram(['--print-config', '--drain-ms=1'], env);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^source: redis:\*\*\* +# REVOCAST_SOURCE_FILE$/m);
    expect(stdout).toMatch(/^maxReaders: 5 +# .*revocast\.yaml$/m);
    expect(stdout).toMatch(/^drainMs: 1ms +# --drain-ms$/m);
    expect(stdout).not.toContain('hunter2');
  });

  it('validates a configuration without a start', async () => {
    expect(await runProgram(['config', 'validate', '--source=memory:'])).toMatchObject({ code: 0, stdout: 'valid\n' });
    expect(await runProgram(['config', 'validate', '--source=x:'])).toMatchObject({ code: 2 });
  });

  it('prints the published schema', async () => {
    const { stdout } = await runProgram(['config', 'schema']);
    expect(stdout).toBe(readFileSync(new URL('../config.schema.json', import.meta.url), 'utf8'));
  });

  it('prints help and version', async () => {
    expect((await runProgram(['--help'])).stdout).toContain('--max-staleness-ms');
    expect((await runProgram(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('rejects init for a source that needs none', async () => {
    const { code, stderr } = await runProgram(['init', '--source=memory:']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('only a log in Redis') });
  });
});

describe('init', () => {
  it('waits for a Redis that starts at the same time, says so, and has nothing to do the second time', async () => {
    const port = await freePort();
    const source = `--source=redis://127.0.0.1:${port}`;
    let written = '';
    const declared = runProgram(['init', source], {}, (text) => {
      written += text;
    });
    const waits = 'no answer yet (unreachable), trying for ten seconds';
    await until(() => written.includes(waits), { what: 'the line about the wait' });
    const redis = await startRedis({ port });
    try {
      expect(await declared).toMatchObject({ code: 0, stdout: expect.stringContaining('created a log') });
      expect(await runProgram(['init', source])).toMatchObject({ stdout: expect.stringContaining('nothing to do') });
    } finally {
      await redis.stop();
    }
  });

  it('fails at once on an error that does not end by itself', async () => {
    const redis = await startRedis({ config: { requirepass: 'hunter2' } });
    try {
      const { code, stderr } = await runProgram(['init', `--source=${redis.url}`]);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(/failed \(no_permission\)\. The Redis user lacks a right/),
      });
    } finally {
      await redis.stop();
    }
  });
});

describe('repair', () => {
  it('deletes rules that no clock can have written, and says what to restart', async () => {
    const redis = await startRedis();
    try {
      const admin = new Redis(redis.url);
      await admin.hset('{revocast}:rules', Buffer.alloc(16, 1), Buffer.from('ffffffff00000000ffffffff00000000', 'hex'));
      const args = ['repair', `--source=${redis.url}`];
      expect(await runProgram(args)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('deleted 1 impossible'),
      });
      expect(await runProgram(args)).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing to do') });
      admin.disconnect();
    } finally {
      await redis.stop();
    }
  });

  it('expects a log in Redis', async () => {
    expect(await runProgram(['repair', '--source=memory:'])).toMatchObject({ code: 2 });
  });
});

describe('raise-skew', () => {
  it('lets a log of the last release add 5 s to a cutoff, once', async () => {
    const redis = await startRedis();
    try {
      const admin = new Redis(redis.url);
      const args = ['raise-skew', `--source=${redis.url}`];
      await runProgram(['init', `--source=${redis.url}`]);
      expect(await runProgram(args)).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing to do') });
      await admin.hdel('{revocast}:meta', 'skew');
      expect(await runProgram(args)).toMatchObject({ code: 0, stdout: expect.stringContaining('raised') });
      expect(await admin.hget('{revocast}:meta', 'skew')).toBe('5');
      admin.disconnect();
    } finally {
      await redis.stop();
    }
  });

  it('expects a log in Redis', async () => {
    expect(await runProgram(['raise-skew', '--source=memory:'])).toMatchObject({ code: 2 });
  });
});

describe('wait', () => {
  const child = ['--', process.execPath, '-e', 'console.log("begun"); process.exit(7)'];

  it('starts the program when the sidecar is ready, and exits with its code', async () => {
    const { adminUrl } = await start('--source=memory:', '--drain-ms=0');
    expect(await runProgram(['wait', `--url=${adminUrl}`, ...child])).toEqual({
      code: 7,
      stdout: 'begun\n',
      stderr: '',
    });
  });

  it('starts the program after the limit, with a warning', async () => {
    const { code, stdout, stderr } = await runProgram(['wait', '--max=100ms', '--url=http://127.0.0.1:1', ...child]);
    expect({ code, stdout }).toEqual({ code: 7, stdout: 'begun\n' });
    expect(stderr).toContain('not ready after 100 ms');
  });

  it('exits 127 if the program does not exist', async () => {
    expect(await runProgram(['wait', '--max=0ms', '--', '/no/such/program'])).toMatchObject({ code: 127 });
  });
});
