import { createHash } from 'node:crypto';

/** A Lua script with its name and its number of keys. `sha` is the argument of EVALSHA. */
export interface RedisScript {
  readonly name: string;
  readonly keyCount: number;
  readonly source: string;
  readonly sha: string;
}

export function script(name: string, keyCount: number, source: string): RedisScript {
  return { name, keyCount, source, sha: createHash('sha1').update(source).digest('hex') };
}
