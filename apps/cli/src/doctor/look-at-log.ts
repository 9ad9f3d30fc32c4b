import {
  ConfigurationError,
  type Feed,
  FeedError,
  type FeedPosition,
  type OpenedSource,
  openSource,
  randomHex,
  type SourceHealth,
} from '@revocast/denylist/replica';
import type { World } from '../world.ts';

type FeedConnection = Awaited<ReturnType<Feed['connect']>>;

/** What one look at a log brought. What is absent could not be read. */
export interface LogFacts {
  /** Without credentials. */
  readonly name: string;
  readonly kind: OpenedSource['kind'];
  /** How it was set up; only Redis can be asked. */
  readonly health?: SourceHealth;
  readonly position?: FeedPosition;
  /** Log minus wall clock. */
  readonly clockOffsetMs?: number;
  /** Age of the heartbeat that was seen while looking; `none` when none came. */
  readonly heartbeatAgeMs?: number | 'none';
  /** Code of what went wrong, and the words for it. */
  readonly failure?: { readonly code: string; readonly message: string };
}

export interface LookAtLog {
  readonly url: string;
  readonly tokenFile?: string;
  /** Heartbeats come twice a second, and from another sidecar within two when one dies. */
  readonly heartbeatWaitMs: number;
}

/** Looks once. Writes nothing but a line that it is reading, which it takes away. @throws ConfigurationError */
export async function lookAtLog({ url, tokenFile, heartbeatWaitMs }: LookAtLog, world: World): Promise<LogFacts> {
  const { clock, random } = world;
  const source = await openSource(url, { clock, random, tokenFile });
  const { name, kind } = source;
  const stop = new AbortController();
  let facts: LogFacts = { name, kind };
  try {
    const health = await source.health?.();
    facts = { ...facts, ...(health === undefined ? {} : { health }) };
    // Speaks for no replica, so that nobody waits for a doctor.
    const connection = await source.feed.connect(stop.signal, { id: randomHex(8), progress: () => [] });
    try {
      const position = await connection.position();
      const clockOffsetMs = offsetAt(position, world);
      facts = { ...facts, position, ...(clockOffsetMs === undefined ? {} : { clockOffsetMs }) };
      // The heartbeats of a sidecar are its own; only the log's say that the log takes writes.
      if (kind === 'redis') {
        facts = { ...facts, heartbeatAgeMs: await awaitHeartbeat(connection, { position, heartbeatWaitMs, world }) };
      }
      return facts;
    } finally {
      stop.abort();
      connection.close();
    }
  } catch (error) {
    return { ...facts, failure: describe(error) };
  } finally {
    await source.close();
  }
}

/** @throws ConfigurationError, which is a mistake and no finding. */
function describe(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof ConfigurationError) throw error;
  if (error instanceof FeedError) return { code: error.code, message: error.message };
  throw error;
}

function offsetAt({ logTime }: FeedPosition, { clock }: World): number | undefined {
  if (logTime === undefined) return undefined;
  return logTime.logMs + (clock.monotonicMs() - logTime.monotonicMs) - clock.wallMs();
}

interface Wait {
  readonly position: FeedPosition;
  readonly heartbeatWaitMs: number;
  readonly world: World;
}

async function awaitHeartbeat(connection: FeedConnection, { position, heartbeatWaitMs, world }: Wait) {
  const { clock } = world;
  const { logTime } = position;
  const enough = new AbortController();
  // Closing is the only way to end a read that blocks.
  void clock.sleep(heartbeatWaitMs, enough.signal).then(() => connection.close());
  try {
    for await (const { heartbeatLoggedAtMs } of connection.tail(position)) {
      if (heartbeatLoggedAtMs === undefined || logTime === undefined) continue;
      const logNowMs = logTime.logMs + (clock.monotonicMs() - logTime.monotonicMs);
      return Math.max(0, logNowMs - heartbeatLoggedAtMs);
    }
  } catch {
    // Ours: the connection was closed. Or it broke, and then no heartbeat came either.
  } finally {
    enough.abort();
  }
  return 'none';
}
