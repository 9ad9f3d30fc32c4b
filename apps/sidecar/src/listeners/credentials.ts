import type { Clock } from '@revocast/denylist/replica';
import type { Config } from '../config/schema.ts';
import { TokenFile } from './token-file.ts';

/**
 * What a token permits. Each right includes those before it: a writer may read what it wrote, and a relay passes on what
 * writers write. Never the reverse: what every API process holds must not lift a ban.
 */
export const rights = ['read', 'write', 'relay'] as const;
export type Right = (typeof rights)[number];

export interface Credentials {
  /** Whether a file with tokens for this right is configured. */
  isConfigured(right: Right): boolean;
  /** The greatest right of an `Authorization` header; undefined for none, or for a token that is not ours. */
  rightOf(authorization: string | undefined): Right | undefined;
  close(): void;
}

/** The options of the files, by right. `tokenFile` is the name that the last release gave to `writeTokenFile`. */
export const tokenFileOptions = {
  read: ['readTokenFile'],
  write: ['writeTokenFile', 'tokenFile'],
  relay: ['relayTokenFile'],
} as const satisfies Record<Right, readonly (keyof Config)[]>;

export interface CredentialsOptions {
  readonly config: Pick<Config, (typeof tokenFileOptions)[Right][number]>;
  readonly clock: Clock;
  /** The tokens of an option stopped counting. */
  readonly onLost: (option: string, reason: string) => void;
}

/** @throws ConfigurationError when a file holds no valid token. */
export function openCredentials({ config, clock, onLost }: CredentialsOptions): Credentials {
  const files = new Map<Right, TokenFile>();
  for (const right of rights) {
    const option = tokenFileOptions[right].find((name) => config[name] !== undefined);
    const path = option && config[option];
    if (option === undefined || path === undefined) continue;
    files.set(right, new TokenFile({ option, path, clock, onLost: (reason) => onLost(option, reason) }));
  }
  return {
    isConfigured: (right) => files.has(right),
    rightOf(authorization) {
      const token = /^Bearer +([^ ]+) *$/i.exec(authorization ?? '')?.[1];
      return token === undefined ? undefined : rights.findLast((right) => files.get(right)?.has(token));
    },
    close() {
      for (const file of files.values()) file.close();
    },
  };
}

/** Whether a right includes another one. */
export function includes(held: Right, needed: Right): boolean {
  return rights.indexOf(held) >= rights.indexOf(needed);
}
