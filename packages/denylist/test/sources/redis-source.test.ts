import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../../src/configuration-error.ts';
import { parseRedisSource } from '../../src/sources/redis-source.ts';

const parse = (text: string) => parseRedisSource(text, 'source');

describe('a Redis URL', () => {
  it.each([
    ['redis://redis', { deployment: 'single', nodes: [{ host: 'redis', port: 6379 }], database: 0 }],
    ['redis://redis:6380/2', { nodes: [{ host: 'redis', port: 6380 }], database: 2 }],
    ['redis://[::1]:6379', { nodes: [{ host: '::1', port: 6379 }] }],
    ['redis://sidecar:pa%3Ass@redis', { user: 'sidecar', password: 'pa:ss' }],
    ['redis://:secret@redis', { password: 'secret' }],
    ['redis://sidecar@redis?passwordFile=/run/secrets/redis', { user: 'sidecar', passwordFile: '/run/secrets/redis' }],
    [
      'redis+sentinel://a,b:26380/main',
      {
        deployment: 'sentinel',
        nodes: [
          { host: 'a', port: 26379 },
          { host: 'b', port: 26380 },
        ],
        primaryName: 'main',
        name: 'redis+sentinel://a,b:26380/main',
      },
    ],
    [
      'redis+sentinel://sidecar:pw@a/main?db=1&sentinelUser=watcher&sentinelPassword=pw2',
      { user: 'sidecar', password: 'pw', database: 1, sentinelUser: 'watcher', sentinelPassword: 'pw2' },
    ],
    [
      'redis+cluster://a:7000,[::1]:7001',
      {
        deployment: 'cluster',
        nodes: [
          { host: 'a', port: 7000 },
          { host: '::1', port: 7001 },
        ],
        database: 0,
      },
    ],
    [
      'redis://sidecar@redis?passwordCommand=/opt/token+--role%3Dsidecar',
      { user: 'sidecar', passwordCommand: ['/opt/token', '--role=sidecar'], name: 'redis://redis' },
    ],
    [
      'redis+unix:///run/redis.sock',
      {
        deployment: 'single',
        nodes: [{ socketPath: '/run/redis.sock' }],
        database: 0,
        name: 'redis+unix:/run/redis.sock',
      },
    ],
    [
      'redis+unix://sidecar:pw@/run/redis.sock?db=2',
      {
        nodes: [{ socketPath: '/run/redis.sock' }],
        user: 'sidecar',
        password: 'pw',
        database: 2,
        name: 'redis+unix:/run/redis.sock',
      },
    ],
    ['redis+unix:/run/my%20redis.sock', { nodes: [{ socketPath: '/run/my redis.sock' }] }],
    ['rediss://redis', { tls: {} }],
    ['rediss+cluster://a?ca=/ca.pem', { deployment: 'cluster', tls: { caFile: '/ca.pem' } }],
    [
      'rediss://redis?ca=/ca.pem&cert=/cert.pem&key=/key.pem&servername=redis.example',
      { tls: { caFile: '/ca.pem', certFile: '/cert.pem', keyFile: '/key.pem', serverName: 'redis.example' } },
    ],
  ])('is parsed: %s', (text, expected) => {
    expect(parse(text)).toMatchObject(expected);
  });

  it('has no TLS without the scheme rediss', () => {
    expect(parse('redis://redis').tls).toBeUndefined();
  });

  it.each([
    ['redis:redis', /another form/],
    ['redis+proxy://a', /another form/],
    ['redis://', /host/],
    ['redis://a,b', /redis\+sentinel/],
    ['redis://a:0', /host:port/],
    ['redis://a:65536', /host:port/],
    ['redis://a/x', /database number/],
    ['redis+sentinel://a', /name of the primary/],
    ['redis+cluster://a/1', /no databases/],
    ['redis://a?ca=/ca.pem', /ca needs a rediss URL/],
    ['redis://a?db=1', /found another one/],
    ['rediss://a?cert=/cert.pem', /cert and key/],
    ['redis://us%er@a', /%25/],
    ['redis+unix:redis.sock', /another form/],
    ['redis+unix://redis.sock', /another form/],
    ['redis+unix:///redis.sock?ca=/ca.pem', /ca needs a rediss URL/],
    ['redis://a?passwordCommand=', /expected a program/],
    ['redis://:pw@a?passwordCommand=/token', /no other password/],
    ['redis://a?passwordFile=/file&passwordCommand=/token', /no other password/],
  ])('is refused with what was expected: %s', (text, problem) => {
    expect(() => parse(text)).toThrow(ConfigurationError);
    expect(() => parse(text)).toThrow(problem);
  });

  it.each([
    'redis://operator:s3cret@a,b',
    'redis://operator:s3cret@a?s3cret=1',
    'redis://operator:%s3cret@a',
    'redis+sentinel://operator:s3cret@a',
    'redis+unix://operator:s3cret@run/redis.sock',
    'redis://operator@a?passwordCommand=s3cret&passwordFile=x',
  ])('is refused with a message that contains no credentials: %s', (text) => {
    expect(() => parse(text)).toThrow(
      expect.not.objectContaining({ message: expect.stringMatching(/s3cret|operator/) }),
    );
  });
});
