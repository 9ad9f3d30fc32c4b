import type { FeedErrorCode } from './feed.ts';

/** For an operator: what a failure of the source means, and what to do about it. */
const fixes: Readonly<Record<FeedErrorCode, string>> = {
  unreachable: 'There is no connection to the source. Check that it runs, and check name, port and network policy.',
  timeout: 'The source did not answer in time. Check whether it is overloaded, paused or half-open.',
  closed: 'The connection was closed; it is opened again automatically. If this repeats, read the log of the source.',
  refused: 'The source answered with an error. Check password, token file, certificates and the version of the source.',
  upgrade_refused:
    'Something between the processes accepts no WebSockets. The proxy must pass Upgrade and Connection over HTTP/1.1.',
  not_ready: 'The source has no complete log yet. For a first log, run: revocast-sidecar init',
  loading: 'Redis is loading its data, or has no primary at the moment. It will answer again without a change; wait.',
  read_only:
    'This Redis accepts no writes: it is a replica, or it is no longer the primary. Name the primary, or its Sentinels.',
  no_permission:
    'The Redis user lacks a right, or its password is wrong: compare its ACL with the one in docs/redis.md. Of a sidecar: the token file cannot be read, or its token lacks the right (docs/sidecar.md).',
  wrong_type:
    'A key under {revocast}: contains something else: another program writes to this Redis. Use a database of its own.',
  out_of_memory:
    'Redis has reached maxmemory. Raise it, and keep maxmemory-policy at noeviction: an evicted rule is an accepted attacker.',
  disk_error: 'Redis cannot write to its disk and refuses writes. Look for a full disk or a failed snapshot.',
  no_replicas: 'Redis has fewer replicas than min-replicas-to-write and refuses writes. Start the missing replicas.',
  no_script: 'Redis has lost its scripts; they are sent again automatically. If this repeats, a program flushes them.',
  wrong_log:
    'The log is another one than expectLog names, or than this process has followed. Check which server the URL names; after a deliberate change of the log, change expectLog.',
  protocol: 'The source sent something unreadable. Check that it is a revocation log, of a version that is supported.',
};

/** What to do about an error code of a source; undefined for a code that is none. */
export function fixForFeedError(code: string): string | undefined {
  return new Map(Object.entries(fixes)).get(code);
}

/** Whether an error code means that the source gave no answer, which may pass, rather than that it refused. */
export function isNoAnswer(code: string): boolean {
  return ['unreachable', 'timeout', 'closed', 'loading'].includes(code);
}
