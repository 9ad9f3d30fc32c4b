import { types } from 'node:util';
import { ConfigurationError } from '../../configuration-error.ts';
import { FeedError, type FeedErrorCode } from '../../log/feed.ts';

// The first word of an error reply is its code, part of the protocol.
const replyCodes: Readonly<Record<string, FeedErrorCode>> = {
  NOSCRIPT: 'no_script',
  LOADING: 'loading',
  READONLY: 'read_only',
  // Refused before anything was written, like a write to a replica.
  MOVED: 'read_only',
  ASK: 'loading',
  TRYAGAIN: 'loading',
  CLUSTERDOWN: 'loading',
  NOPERM: 'no_permission',
  NOAUTH: 'no_permission',
  WRONGPASS: 'no_permission',
  WRONGTYPE: 'wrong_type',
  OOM: 'out_of_memory',
  MISCONF: 'disk_error',
  NOREPLICAS: 'no_replicas',
  MASTERDOWN: 'loading',
  BUSY: 'timeout',
  UNBLOCKED: 'closed',
};

/**
 * Any failure of the client as a {@link FeedError} that may be printed. `cause` keeps the text that Redis sent and
 * nothing else: the client's own error carries the command, and that may be AUTH with its password.
 *
 * @param name of the server, without credentials.
 */
export function toFeedError(error: unknown, name: string): FeedError {
  if (error instanceof FeedError) return error;
  if (error instanceof ConfigurationError || !isError(error)) {
    return new FeedError('protocol', `${name} failed`, { cause: error });
  }
  const cause = new Error(error.message);
  const say = (code: FeedErrorCode, what: string) => new FeedError(code, `${name}: ${what}`, { cause });
  if (error.name === 'ReplyError') {
    const word = error.message.split(' ', 1)[0] ?? '';
    const code = isScriptRefused(error.message) ? 'no_permission' : (replyCodes[word] ?? 'refused');
    return say(code, remedies[word] ?? remedies[code] ?? `answered ${word}`);
  }
  if (/timed? ?out/i.test(error.message)) return say('timeout', 'no answer in time');
  if (/is closed|Stream isn't writeable|ECONNRESET|EPIPE/i.test(error.message)) return say('closed', 'connection lost');
  // A stable code of Node or OpenSSL, as CERT_HAS_EXPIRED or ECONNREFUSED: what went wrong, and no address of anything.
  const reason = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return say('unreachable', `cannot be reached${reason}`);
}

/** Also one of another realm, as every error of Node itself is inside a sandbox. */
export function isError(error: unknown): error is Error {
  return error instanceof Error || types.isNativeError(error);
}

/** Where a cluster says that our slot is: of a `MOVED slot host:port` reply. The host is empty when it is the same. */
export function movedTo(error: unknown): { readonly host: string; readonly port: number } | undefined {
  const text = error instanceof FeedError && error.cause instanceof Error ? error.cause.message : '';
  const [, host, port] = /^MOVED \d+ (.*):(\d+)$/.exec(text) ?? [];
  return host === undefined || host === '?' ? undefined : { host, port: Number(port) };
}

/** Inside a script a missing right is reported without a code of its own up to Redis 7.0, and with other words since. */
export function isScriptRefused(message: string): boolean {
  return /can't run this command|can't access at least one of the keys|ACL failure in script/.test(message);
}

/** What to do about each, said where the error is made. By word of the reply, or by code. */
const remedies: Readonly<Record<string, string>> = {
  MOVED: 'the slot of {revocast} is on another node of the cluster: name it as redis+cluster://…',
  CLUSTERDOWN: 'nobody in the cluster serves the slot of {revocast}; it will answer by itself',
  loading: 'is loading its data set or has no primary; it will answer by itself',
  read_only: 'is a replica: name the primary, or its Sentinels',
  no_permission: 'refuses this user: see the ACL recipe in docs/redis.md',
  wrong_type: 'holds something else under {revocast}:*: give Revocast a database of its own',
  out_of_memory: 'is out of memory: raise maxmemory, and keep maxmemory-policy at noeviction',
  disk_error: 'cannot write to its disk and refuses writes (MISCONF)',
  no_replicas: 'has fewer replicas than min-replicas-to-write and refuses writes',
};
