import { ConfigurationError } from '../../configuration-error.ts';

/**
 * The client library, an optional peer: loaded only when a URL asks for it, and at construction, so that its absence
 * is told to the operator and not to a retry loop.
 *
 * @throws ConfigurationError when ioredis is not installed.
 */
export async function loadClient() {
  try {
    const { Redis } = await import('ioredis');
    return Redis;
  } catch (error) {
    throw new ConfigurationError('url', 'a redis: URL needs the package ioredis: npm install ioredis', {
      cause: error,
    });
  }
}
