import type { FeedError } from '@revocast/denylist/replica';

const remedies: Readonly<Record<FeedError['code'], string>> = {
  unreachable: 'Is the source up, and is the way to it open? Check name, port and network policy.',
  timeout: 'The source took the connection and did not answer: is it overloaded, paused or half-open?',
  closed:
    'The source ended the connection. It is dialled again by itself; if this repeats, read the log of the source.',
  refused: 'The source refused the credentials or the TLS handshake. Check password, token file and certificates.',
  not_ready: 'The source has no complete log yet. A first log is declared whole by: revocast-sidecar init',
  loading: 'Redis is reading its data from disk. Wait.',
  read_only: 'This Redis takes no writes: a replica, or a primary that lost its role. Point the source at the primary.',
  no_permission: 'The Redis user lacks a right. Compare its ACL with the one for sidecars in docs/redis.md.',
  wrong_type:
    'A key of ours holds something else: another program writes to the same Redis. Give it a prefix or a Redis.',
  out_of_memory: 'Redis is at maxmemory. Raise it; never let it evict, an evicted rule is an accepted attacker.',
  disk_error: 'Redis cannot write to its disk. Look for a full disk or a failed snapshot.',
  no_replicas: 'Redis has fewer replicas than min-replicas-to-write wants. Bring them back.',
  no_script: 'Redis lost its scripts, which is mended by itself. If this repeats, something flushes them.',
  protocol: 'The source sent what cannot be read: is it a revocation log, and of a version that this sidecar knows?',
};

/** What to do about an error code of the source; undefined for one that is not ours. */
export function errorRemedy(code: string): string | undefined {
  return Object.hasOwn(remedies, code) ? remedies[code as FeedError['code']] : undefined;
}
