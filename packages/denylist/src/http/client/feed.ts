import type { Clock } from '../../clock.ts';
import type { Feed } from '../../log/feed.ts';
import type { Reader } from '../../log/reader.ts';
import type { HttpSource } from '../../sources/source.ts';
import { readBootId } from '../../system-clock.ts';
import { bootIdDigits } from '../wire/boot-id.ts';
import type { HttpClient } from './client.ts';
import { StreamFeed } from './stream-feed.ts';
import { openStream } from './stream-socket.ts';

export interface HttpFeedOptions {
  readonly clock: Clock;
  /** Path of a file whose first line is the bearer token; read at every connection. */
  readonly tokenFile?: string;
}

/** A sidecar as a feed: a stream, or the wire of the last release where there is none. Nothing is connected before `connect`. */
export function createHttpFeed(source: HttpSource, { clock, tokenFile }: HttpFeedOptions): Feed {
  // A feed may be followed by several readers, and each has been given its own.
  const secrets = new WeakMap<Reader, string>();
  return {
    name: source.name,
    async connect(signal, reader, maxRules) {
      const closed = new AbortController();
      const client: HttpClient = { source, signal: AbortSignal.any([signal, closed.signal]), tokenFile, maxRules };
      const stream = await openStream(client, clock);
      if (stream === undefined) {
        // Loaded when it is used: few processes follow a sidecar of the last release.
        const { connectToLastRelease } = await import('./last-release-feed.ts');
        return connectToLastRelease({ source, clock, tokenFile, signal, reader, maxRules });
      }
      const bootId = source.sameHost ? bootIdDigits(readBootId()) : undefined;
      // A snapshot that is under way ends with the stream.
      stream.closed.addEventListener('abort', () => closed.abort(), { once: true });
      return new StreamFeed({ stream, client, clock, reader, bootId, secrets, isStopping: () => signal.aborted });
    },
  };
}
