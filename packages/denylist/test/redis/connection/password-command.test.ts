import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '@revocast/test-support';
import { Redis } from 'ioredis';
import { connectRedis } from '../../../src/redis/connection/connect.ts';
import { runPasswordCommand } from '../../../src/redis/connection/password-command.ts';
import { parseRedisSource } from '../../../src/sources/redis-source.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'revocast-password-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** A program with this body, as a command. */
async function commandOf(body: string): Promise<string[]> {
  const path = join(dir, `token-${Math.random()}.cjs`);
  await writeFile(path, body);
  return [process.execPath, path];
}

describe('a Redis whose password a program prints', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis({ config: { requirepass: 'first' } });
  });
  afterAll(() => redis.stop());

  it('is reached with the password of the moment, at every connect', async () => {
    const passwords = join(dir, 'password');
    await writeFile(passwords, 'first\nnot the password\n');
    const [program = '', script = ''] = await commandOf(
      `process.stdout.write(require('node:fs').readFileSync(${JSON.stringify(passwords)}))`,
    );
    const source = parseRedisSource(`${redis.url}?passwordCommand=${program}+${script}`, 'source');
    const ping = async () => {
      const connection = await connectRedis(source);
      const answer = String(await connection.call('PING', []));
      connection.close();
      return answer;
    };
    expect(await ping()).toBe('PONG');
    const admin = new Redis(redis.url, { password: 'first' });
    await admin.config('SET', 'requirepass', 'second');
    admin.disconnect();
    await expect(connectRedis(source)).rejects.toMatchObject({ code: 'no_permission' });
    await writeFile(passwords, 'second');
    expect(await ping()).toBe('PONG');
  });
});

describe('a program that prints a password', () => {
  it('is run without a shell, and its first line counts', async () => {
    const command = await commandOf(`console.log(process.argv.slice(2).join('|')); console.log('more')`);
    expect(await runPasswordCommand([...command, '$HOME', '`id`', ';'], 'redis://r')).toBe('$HOME|`id`|;');
  });

  it.each([
    ['fails', `console.log('s3cret'); console.error('s3cret'); process.exit(3)`, 'no_permission', 'it failed (3)'],
    ['prints nothing', ``, 'no_permission', 'empty first line'],
    ['prints an empty line first', `console.log('\\ns3cret')`, 'no_permission', 'empty first line'],
    ['prints too much', `console.log('s3cret'.repeat(20000))`, 'no_permission', 'more than 65536 bytes'],
    ['does not end', `console.log('s3cret'); setInterval(() => {}, 1000)`, 'timeout', 'did not end within 300 ms'],
  ])('is an error without its output when it %s', async (_name, body, code, message) => {
    const command = await commandOf(body);
    // Its start takes time on a busy machine: only the last row may reach the limit.
    const timeoutMs = code === 'timeout' ? 300 : 20_000;
    const error: unknown = await runPasswordCommand([...command, 's3cret'], 'redis://r', timeoutMs).catch(
      (failure: unknown) => failure,
    );
    expect(error).toMatchObject({ name: 'FeedError', code, message: expect.stringContaining(message) });
    expect(inspect(error, { depth: 9 })).not.toContain('s3cret');
  });

  it('is an error when it does not exist', async () => {
    await expect(runPasswordCommand([join(dir, 'nowhere')], 'redis://r')).rejects.toMatchObject({
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('does not outlive its limit', async () => {
    const pidFile = join(dir, 'pid');
    const command = await commandOf(
      `require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000)`,
    );
    await expect(runPasswordCommand(command, 'redis://r', 3000)).rejects.toMatchObject({ code: 'timeout' });
    const pid = Number(await readFile(pidFile, 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});
