import { FeedError } from '../../log/feed.ts';

// Replies of Redis are `unknown` until one of these functions has checked their type.

export function readArray(reply: unknown, what: string): readonly unknown[] {
  if (Array.isArray(reply)) return reply;
  throw new FeedError('protocol', `expected an array for ${what}, found ${typeof reply}`);
}

export function readText(reply: unknown, what: string): string {
  if (typeof reply === 'string') return reply;
  if (Buffer.isBuffer(reply)) return reply.toString('utf8');
  throw new FeedError('protocol', `expected a string for ${what}, found ${typeof reply}`);
}

export function readOptionalText(reply: unknown, what: string): string | undefined {
  return reply === null || reply === undefined ? undefined : readText(reply, what);
}

export function readBytes(reply: unknown, what: string): Uint8Array {
  if (Buffer.isBuffer(reply)) return reply;
  throw new FeedError('protocol', `expected bytes for ${what}, found ${typeof reply}`);
}

export function readNumber(reply: unknown, what: string): number {
  const text = typeof reply === 'number' ? String(reply) : readText(reply, what);
  const value = Number(text);
  // `Number('')` is 0, which would be the end of a healing that another program has emptied.
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new FeedError('protocol', `expected a number for ${what}, found another reply`);
}

/** `TIME`: seconds and microseconds, as milliseconds. */
export function readTime(reply: unknown): number {
  const [seconds, micros] = readArray(reply, 'TIME');
  return readNumber(seconds, 'TIME') * 1000 + readNumber(micros, 'TIME') / 1000;
}
