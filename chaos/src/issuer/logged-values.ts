import { digestOf, digestToHex } from '@revocast/denylist/replica';
import { Redis } from 'ioredis';
import { issuer } from './accounts.ts';

/** The key of the rules in the log; docs/protocol.md. */
const rulesKey = '{revocast}:rules';

/** Which values the log has a rule of. */
export async function readLogged(url: string): Promise<(dimension: 'session' | 'subject', value: string) => boolean> {
  const redis = new Redis(url, { protocol: 2, maxRetriesPerRequest: 2 });
  try {
    const digests = new Set((await redis.hkeysBuffer(rulesKey)).map((digest) => digest.toString('hex')));
    return (dimension, value) => digests.has(digestToHex(digestOf({ dimension, issuer, value })));
  } finally {
    redis.disconnect();
  }
}
