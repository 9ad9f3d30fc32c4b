import { createFeedServer, type FeedServer } from '@revocast/denylist/server';
import { createConsole, type SidecarConsole } from './console/create-console.ts';
import type { FollowedSource, SidecarContext } from './follow-source.ts';
import { countUsage, type UsageCount } from './telemetry/count-usage.ts';
import { logFailureOnce } from './telemetry/log-state-changes.ts';

/** What the data listener serves. */
export interface ServedFeed {
  readonly feedServer: FeedServer;
  readonly console: SidecarConsole;
  /** Absent for a source that counts no usage. */
  readonly usage?: UsageCount;
  close(): void;
}

/** Serves the replica to API processes and relays, and the console to people. Binds no address. */
export function serveFeed(followed: FollowedSource, context: SidecarContext): ServedFeed {
  const { source, replica, readers } = followed;
  const { config, clock, log, telemetry, build } = context;
  const { clientClasses, maxStalenessMs } = config;
  const onFailure = logFailureOnce(log, 'usage cannot be counted');
  const usage = source.usage && countUsage({ usage: source.usage, replica, clock, clientClasses, onFailure });
  const feedServer = createFeedServer({
    replica,
    readers,
    log: telemetry.countRevocations(source.log),
    clock,
    countUsage: usage?.count,
    lastRelease: config.lastReleaseWire === 'on',
  });
  const pages = createConsole({ ...followed, feedServer, clock, version: build.version, maxStalenessMs });
  return {
    feedServer,
    console: pages,
    usage,
    close() {
      pages.close();
      feedServer.close();
      usage?.close();
    },
  };
}
