import { ConfigurationError } from '../configuration-error.ts';
import { checkWholeNumber } from '../option-bounds.ts';
import { isEventId, isUnixMilliseconds } from '../rules/event.ts';
import { checkOptions } from './check-options.ts';

export interface PublishOptions {
  /**
   * Redis replicas that must confirm: 0–100, default all that Redis reports, or none where it hides their number. 0: the
   * primary alone is enough. With 1 or more, a Redis that refuses WAIT makes every revocation `not_durable`.
   */
  readonly redisReplicas?: number | undefined;
  /** 1–128 characters; a retry with the same id within a day writes nothing. Default: random. */
  readonly id?: string | undefined;
  /** When it happened at the identity provider, Unix milliseconds: latency is counted from here. */
  readonly occurredAtMs?: number | undefined;
  /** How many tokens this ends, when the caller has counted them: 0 or more, for traces and counters only. */
  readonly tokens?: number | undefined;
}

export const publishOptionNames: readonly string[] = [
  'redisReplicas',
  'id',
  'occurredAtMs',
  'tokens',
] satisfies (keyof PublishOptions)[];

/** @throws ConfigurationError with the option, what was expected and the number found. */
export function checkPublishOptions(options: PublishOptions): void {
  checkOptions('options', options, publishOptionNames);
  const { redisReplicas, id, occurredAtMs, tokens } = options;
  if (redisReplicas !== undefined) {
    checkWholeNumber('redisReplicas', redisReplicas, { least: 0, most: 100, unit: 'redis replicas' });
  }
  if (id !== undefined && !isEventId(id)) {
    throw new ConfigurationError(
      'id',
      'expected 1–128 printable ASCII characters without spaces, found another string',
    );
  }
  if (occurredAtMs !== undefined && !isUnixMilliseconds(occurredAtMs)) {
    throw new ConfigurationError(
      'occurredAtMs',
      `expected Unix milliseconds between 1e12 and 1e14, found ${Number(occurredAtMs)}`,
    );
  }
  if (tokens !== undefined) {
    checkWholeNumber('tokens', tokens, { least: 0, most: Number.MAX_SAFE_INTEGER, unit: 'tokens' });
  }
}
