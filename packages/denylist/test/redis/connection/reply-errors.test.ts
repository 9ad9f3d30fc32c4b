import { describe, expect, it } from '@jest/globals';
import { FeedError, feedErrorCodes } from '../../../src/log/feed.ts';
import { fixForFeedError } from '../../../src/log/feed-error-fixes.ts';
import { failure, toFeedError } from '../../../src/redis/connection/reply-errors.ts';

const name = 'redis://redis:6379';
const socketError = (code: string, message: string) => Object.assign(new Error(message), { code });
const replyError = (message: string) => Object.assign(new Error(message), { name: 'ReplyError' });

describe('an error of a socket', () => {
  it.each([
    ['a host name that contains "timed out"', 'unreachable', 'ENOTFOUND', 'getaddrinfo ENOTFOUND timed-out.internal'],
    ['a host name that contains "timeout"', 'unreachable', 'ENOTFOUND', 'getaddrinfo ENOTFOUND timeout.internal'],
    ['a path that contains "is closed"', 'unreachable', 'ENOENT', 'connect ENOENT /run/is closed/redis.sock'],
    ['a refused connection', 'unreachable', 'ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1'],
    ['an expired certificate', 'unreachable', 'CERT_HAS_EXPIRED', 'certificate has expired'],
    ['a connection attempt without an answer', 'timeout', 'ETIMEDOUT', 'connect ETIMEDOUT 10.0.0.1:6379'],
    ['a reset', 'closed', 'ECONNRESET', 'read ECONNRESET'],
    ['a broken pipe', 'closed', 'EPIPE', 'write EPIPE'],
  ])('is classified by its code, not by its text: %s', (_what, expected, code, text) => {
    const error = toFeedError(socketError(code, text), name);
    expect({ code: error.code, message: error.message }).toEqual({
      code: expected,
      message: `${name} (${code}): ${fixForFeedError(expected)}`,
    });
  });

  it('without a code is an error of the client, and means that the connection is closed', () => {
    expect(toFeedError(new Error('Connection is closed.'), name).code).toBe('closed');
  });
});

describe('an error reply of Redis', () => {
  it.each([
    ['OOM command not allowed when used memory > maxmemory', 'out_of_memory'],
    ['READONLY You cannot write against a read only replica.', 'read_only'],
    ['MOVED 5649 10.0.0.2:6379', 'read_only'],
    ['NOPERM this user has no permissions', 'no_permission'],
    ["ERR Error running script: The user executing the script can't run this command or subcommand", 'no_permission'],
    ['ERR timed out waiting for something', 'refused'],
  ])('is classified by its first word: %s', (text, code) => {
    expect(toFeedError(replyError(text), name)).toMatchObject({ code, cause: { message: text } });
  });
});

describe('a FeedError of Redis', () => {
  it.each(feedErrorCodes)('says what to do: %s', (code) => {
    const fix = fixForFeedError(code) ?? 'none';
    expect(fix).toMatch(/^[A-Z].{30,}/);
    expect(failure(code, name).message).toBe(`${name}: ${fix}`);
  });

  it('is passed on unchanged', () => {
    const error = new FeedError('closed', 'text');
    expect(toFeedError(error, name)).toBe(error);
  });

  it('has no fix for a code of another kind', () => {
    const codes = ['unexpected', 'toString', 'constructor', ''];
    expect(codes.map((code) => fixForFeedError(code))).toEqual(codes.map(() => undefined));
  });
});
