import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../../src/configuration-error.ts';
import { createPublisher } from '../../src/publisher/create-publisher.ts';
import { openFeed } from '../../src/sources/open-feed.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { openUsageStore } from '../../src/sources/open-usage-store.ts';
import { parseSource } from '../../src/sources/source.ts';

const refusal = (text: string): ConfigurationError => {
  try {
    parseSource(text, 'feed');
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
};

describe('a source', () => {
  it.each([
    ['redis://redis:6379', { kind: 'redis', name: 'redis://redis:6379' }],
    ['redis://redis', { kind: 'redis', name: 'redis://redis' }],
    ['rediss://redis.example:6380/3', { kind: 'redis', name: 'rediss://redis.example:6380' }],
    ['redis://[::1]:6379', { kind: 'redis', name: 'redis://[::1]:6379' }],
    ['memory:', { kind: 'memory', name: 'memory:' }],
    ['file:/var/lib/revocast', { kind: 'file', name: 'file:/var/lib/revocast', path: '/var/lib/revocast' }],
    ['file:///var/lib/revocast', { kind: 'file', path: '/var/lib/revocast' }],
    [
      'http://127.0.0.1:7471',
      { kind: 'http', name: 'http://127.0.0.1:7471', baseUrl: 'http://127.0.0.1:7471', sameHost: true },
    ],
    [
      'https://sidecar.example/revocast/',
      {
        kind: 'http',
        name: 'https://sidecar.example',
        baseUrl: 'https://sidecar.example/revocast',
        sameHost: false,
      },
    ],
    [
      'unix:/run/revocast.sock',
      {
        kind: 'http',
        name: 'unix:/run/revocast.sock',
        baseUrl: 'http://sidecar',
        socketPath: '/run/revocast.sock',
        sameHost: true,
      },
    ],
    ['unix:///run/revocast.sock', { kind: 'http', socketPath: '/run/revocast.sock' }],
  ])('is parsed from %s', (text, expected) => {
    expect(parseSource(text)).toMatchObject(expected);
  });

  it('of Redis has its credentials in fields of their own, and not in its name', () => {
    const source = parseSource('redis://operator:s3cret@redis:6379/0');
    expect(source).toMatchObject({ user: 'operator', password: 's3cret', name: 'redis://redis:6379' });
  });
});

describe('the clock of a sidecar', () => {
  it.each([
    ['http://localhost:7471', true],
    ['http://127.0.0.1:7471', true],
    ['http://127.8.9.10:7471', true],
    ['http://[::1]:7471', true],
    ['http://127.0.0.1.example.com', false],
    ['http://localhost.example.com', false],
    ['http://10.0.0.1:7471', false],
    ['http://128.0.0.1:7471', false],
    ['https://sidecar.example', false],
  ])('at %s is the clock of this host: %s', (text, sameHost) => {
    expect(parseSource(text, 'feed', { dangerouslyAllowHttp: true })).toMatchObject({ sameHost });
  });
});

describe('plain http:', () => {
  it.each(['http://localhost:7471', 'http://127.8.9.10:7471', 'http://[::1]:7471', 'unix:/run/revocast.sock'])(
    'needs nothing on this host: %s',
    (text) => {
      expect(parseSource(text)).toMatchObject({ kind: 'http', sameHost: true });
    },
  );

  it.each([
    'http://sidecar:7471',
    'http://10.0.0.1:7471',
    'http://127.0.0.1.example.com',
    'http://[::2]',
    'http://0.0.0.0:1',
  ])('to another host is refused, and the error names what to do: %s', (text) => {
    expect(refusal(text).message).toMatch(
      /^feed: expected https: .*found http:; serve TLS .*dangerouslyAllowHttp: true \(--dangerously-allow-http\)/,
    );
    expect(() => parseSource(text, 'feed', { dangerouslyAllowHttp: false })).toThrow('expected https:');
    expect(parseSource(text, 'feed', { dangerouslyAllowHttp: true })).toMatchObject({ kind: 'http' });
  });

  it('to another host is refused by everything that opens a URL', async () => {
    const url = 'http://sidecar.example:7471';
    for (const open of [openFeed, openSource, openUsageStore, createPublisher]) {
      await expect(open(url)).rejects.toMatchObject({ name: 'ConfigurationError' });
      const opened = await open(url, { dangerouslyAllowHttp: true });
      if (opened !== undefined && 'close' in opened) await opened.close();
    }
  });
});

describe('an https: URL', () => {
  it('names the files of TLS in its parameters, and its own name has none of them', () => {
    const text = 'https://sidecar:7471/a/?ca=/ca.pem&cert=/c.pem&key=/k.pem&servername=s.example';
    expect(parseSource(text)).toMatchObject({
      name: 'https://sidecar:7471',
      baseUrl: 'https://sidecar:7471/a',
      tls: { caFile: '/ca.pem', certFile: '/c.pem', keyFile: '/k.pem', serverName: 's.example' },
    });
  });

  it.each([
    ['https://sidecar?cert=/c.pem', 'expected both of the parameters cert and key, found one'],
    ['https://sidecar?ac=/ca.pem', 'expected the parameters ca, cert, key, servername, found another one'],
    ['http://localhost?ca=/ca.pem', 'the parameter ca needs an https: URL'],
  ])('is refused with a parameter that has no effect: %s', (text, message) => {
    expect(refusal(text).message).toBe(`feed: ${message}`);
  });
});

describe('a URL that names no source', () => {
  it.each([
    ['', /no URL/],
    ['redis', /no URL/],
    ['ftp://host', /scheme ftp:/],
    ['file:relative', /no absolute path/],
    ['file:///', /no absolute path/],
    ['file://host/share', /no absolute path/],
    ['localhost:7471', /scheme localhost:/],
    ['unix:relative/path', /relative socket path/],
    ['unix:', /relative socket path/],
  ])('is refused with the option and the expected forms: %j', (text, problem) => {
    const error = refusal(text);
    expect(error.message).toMatch(problem);
    expect(error.option).toBe('feed');
    expect(error.code).toBe('configuration');
  });

  it.each([
    'http://operator:s3cret@sidecar:7471',
    'https://operator:s3cret@sidecar',
    'http://s3cret@sidecar',
    'ftp://operator:s3cret@host',
    's3cret',
  ])('is refused with a message that contains no credentials: %s', (text) => {
    const { message } = refusal(text);
    expect(message).not.toContain('s3cret');
    expect(message).not.toContain('operator');
  });
});
