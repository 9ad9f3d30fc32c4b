import { type IssuerTrust, LogError } from '@revocast/denylist';
import {
  type Feed,
  FeedError,
  type FeedPosition,
  type OpenedSource,
  openSource,
  randomHex,
  type SourceHealth,
  trustedIssuers,
} from '@revocast/denylist/replica';
import type { World } from '../world.ts';

type FeedConnection = Awaited<ReturnType<Feed['connect']>>;

/** What could be read from a log. */
export interface LogFacts {
  readonly kind: OpenedSource['kind'];
  /** The setup of Redis; absent for another kind of source. */
  readonly health?: SourceHealth;
  readonly position?: FeedPosition;
  /** Log clock minus wall clock. */
  readonly clockOffsetMs?: number;
  /** Age of the first heartbeat that arrived during the check; `none` when none arrived. */
  readonly heartbeatAgeMs?: number | 'none';
  /** Whether a process that follows it trusts the issuer; absent where no issuer was named or the log does not say it. */
  readonly issuerTrustedBy?: IssuerTrust | undefined;
  readonly failure?: FeedError;
}

export interface LookAtLog {
  readonly url: string;
  readonly tokenFile?: string;
  readonly dangerouslyAllowHttp?: boolean;
  /** Exactly the `iss` of tokens. */
  readonly issuer?: string | undefined;
  /** How long to wait for a heartbeat. */
  readonly heartbeatWaitMs: number;
}

/** Reads a log once. It writes only its own entry in the registry of readers, and removes it. @throws ConfigurationError */
export async function lookAtLog(options: LookAtLog, world: World): Promise<LogFacts> {
  const { url, heartbeatWaitMs, tokenFile, dangerouslyAllowHttp } = options;
  const { clock, random } = world;
  const source = await openSource(url, { clock, random, tokenFile, dangerouslyAllowHttp });
  const { kind } = source;
  const stop = new AbortController();
  let facts: LogFacts = { kind };
  try {
    facts = { ...facts, health: await source.health?.() };
    // This reader has no replicas, so no publisher waits for it.
    const connection = await source.feed.connect(stop.signal, { id: randomHex(8), progress: () => [] });
    try {
      const position = await connection.position();
      facts = { ...facts, position, clockOffsetMs: clockOffsetOf(position, world) };
      facts = { ...facts, issuerTrustedBy: await trustOf(options.issuer, source, position) };
      // A sidecar makes heartbeats itself. Only the heartbeats of Redis prove that the log accepts writes.
      if (kind !== 'redis') return facts;
      const waitEnded = clock.sleep(heartbeatWaitMs, stop.signal);
      return { ...facts, heartbeatAgeMs: await awaitHeartbeat(connection, { position, waitEnded, world }) };
    } finally {
      stop.abort();
      connection.close();
    }
  } catch (error) {
    if (error instanceof FeedError) return { ...facts, failure: error };
    throw error;
  } finally {
    await source.close();
  }
}

async function trustOf(
  issuer: string | undefined,
  { log }: OpenedSource,
  { epoch, head, cursor }: FeedPosition,
): Promise<IssuerTrust | undefined> {
  if (issuer === undefined) return undefined;
  try {
    return (await log.enforcement({ epoch, head, cursor, issuer: trustedIssuers([issuer]) })).issuerTrustedBy;
  } catch (error) {
    // A sidecar may not answer this question. Another check reports a log that does not answer.
    if (error instanceof LogError) return undefined;
    throw error;
  }
}

function clockOffsetOf({ logTime }: FeedPosition, { clock }: World): number | undefined {
  return logTime && logTime.logMs + (clock.monotonicMs() - logTime.monotonicMs) - clock.wallMs();
}

interface Wait {
  readonly position: FeedPosition;
  readonly waitEnded: Promise<void>;
  readonly world: World;
}

async function awaitHeartbeat(connection: FeedConnection, { position, waitEnded, world }: Wait) {
  const { logTime } = position;
  // Only closing the connection ends a read that blocks.
  void waitEnded.then(() => connection.close());
  try {
    for await (const { heartbeatLoggedAtMs } of connection.tail(position)) {
      if (heartbeatLoggedAtMs === undefined || logTime === undefined) continue;
      const logNowMs = logTime.logMs + (world.clock.monotonicMs() - logTime.monotonicMs);
      return Math.max(0, logNowMs - heartbeatLoggedAtMs);
    }
  } catch {
    // The connection was closed above, or it broke. In both cases no heartbeat arrived.
  }
  return 'none';
}
