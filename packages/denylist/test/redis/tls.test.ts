import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort, makeCertificate, type RedisServer, startRedis } from '@revocast/test-support';
import { connectRedis } from '../../src/redis/connection/connect.ts';
import { parseRedisSource } from '../../src/sources/redis-source.ts';

describe('given a Redis with TLS', () => {
  let dir: string;
  let redis: RedisServer;
  let url: string;
  let server: { cert: string; key: string };
  let client: { cert: string; key: string };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'revocast-tls-'));
    [server, client] = await Promise.all([
      makeCertificate(dir, 'server', 'redis.example'),
      makeCertificate(dir, 'client'),
    ]);
    const port = await freePort();
    redis = await startRedis({
      config: {
        'tls-port': String(port),
        'tls-cert-file': server.cert,
        'tls-key-file': server.key,
        'tls-ca-cert-file': client.cert,
        'tls-auth-clients': 'yes',
      },
    });
    url = `rediss://127.0.0.1:${port}`;
  });
  afterAll(async () => {
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const ping = async (parameters: string) => {
    const connection = await connectRedis(parseRedisSource(`${url}?${parameters}`, 'source'));
    try {
      return String(await connection.call('PING', []));
    } finally {
      connection.close();
    }
  };
  const own = () => `cert=${client.cert}&key=${client.key}`;

  it('accepts a connection with its authority and a client certificate', async () => {
    expect(await ping(`ca=${server.cert}&${own()}`)).toBe('PONG');
  });

  it('accepts a connection with another name of its certificate', async () => {
    expect(await ping(`ca=${server.cert}&${own()}&servername=redis.example`)).toBe('PONG');
  });

  it.each([
    ['an authority that did not sign it', () => `ca=${client.cert}&${own()}`],
    ['no authority', () => own()],
    ['a name that its certificate does not have', () => `ca=${server.cert}&${own()}&servername=other.example`],
  ])('is not connected with %s', async (_name, parameters) => {
    await expect(ping(parameters())).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('refuses a client without a certificate', async () => {
    await expect(ping(`ca=${server.cert}`)).rejects.toMatchObject({ name: 'FeedError' });
  });

  it('fails with the parameter whose file is missing, and without the path', async () => {
    const failure = ping(`ca=${dir}/missing.pem&${own()}`);
    await expect(failure).rejects.toThrow(/the file that ca names cannot be read \(ENOENT\)/);
    await expect(failure).rejects.not.toThrow(/missing\.pem/);
  });

  it('reads the password from a file, and again after it changed', async () => {
    const file = join(dir, 'password');
    const plain = await startRedis({ config: { requirepass: 'first' } });
    try {
      const source = parseRedisSource(`${plain.url}?passwordFile=${file}`, 'source');
      const answer = async () => {
        const connection = await connectRedis(source);
        const reply = await connection.call('PING', []);
        connection.close();
        return String(reply);
      };
      await writeFile(file, 'wrong\n');
      await expect(answer()).rejects.toMatchObject({ code: 'no_permission' });
      await writeFile(file, 'first\n');
      expect(await answer()).toBe('PONG');
    } finally {
      await plain.stop();
    }
  });
});
