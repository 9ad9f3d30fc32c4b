import {
  type Change,
  digestToHex,
  dimensions,
  isJsonObject,
  type JsonObject,
  type OpenedSource,
  parseJsonObject,
  type RevocationDetails,
  revocationReasons,
} from '@revocast/denylist/replica';
import { defaultSidecar, readSourceUrl, readTokenFile, type SourceOptions } from '../options/source-options.ts';
import type { World } from '../world.ts';
import { askSidecar } from './ask-sidecar.ts';

/** A revocation or a lift as `revocast tail` prints it. */
export interface PastEvent extends Partial<Omit<RevocationDetails, 'kind'>> {
  readonly kind: string;
  /** Unix milliseconds of the clock of the log. */
  readonly loggedAtMs: number;
  readonly latencyMs?: number;
  readonly digest: string;
  /** Absent from a sidecar, which keeps statements and not their rules. */
  readonly rule?: Change['rule'];
}

/** Redis keeps its entries for an hour. */
const keptMs = 3_600_000;

/** The events that the source still has, oldest first, and one line on stderr about what it may lack. @throws FeedError */
export async function readPast(
  source: OpenedSource,
  sinceMs: number,
  options: SourceOptions & { readonly timeout: number },
  world: World,
): Promise<PastEvent[]> {
  const { stderr, clock } = world;
  if (source.history === undefined) {
    stderr.write('-- a sidecar keeps the last 1000 events that it received; ask the log for all of the last hour\n');
    return await readFromSidecar(sinceMs, options, world);
  }
  if (clock.wallMs() - sinceMs > keptMs) stderr.write('-- the log keeps its events for one hour\n');
  const events: PastEvent[] = [];
  for await (const { digest, rule, loggedAtMs = 0, details } of source.history(sinceMs)) {
    events.push({ kind: details?.kind ?? 'revoke', ...details, loggedAtMs, digest: digestToHex(digest), rule });
  }
  return events;
}

async function readFromSidecar(
  sinceMs: number,
  options: SourceOptions & { readonly timeout: number },
  world: World,
): Promise<PastEvent[]> {
  const { timeout: timeoutMs, dangerouslyAllowHttp } = options;
  const url = readSourceUrl(options, world) ?? defaultSidecar;
  const tokenFile = readTokenFile(options, world);
  const ask = askSidecar({ url, option: '--source', tokenFile, dangerouslyAllowHttp, timeoutMs }, world);
  const got = await ask(`/console/revocations?since=${Math.max(0, Math.floor(sinceMs))}`);
  const { revocations } = (got.ok && got.status === 200 ? parseJsonObject(got.body) : undefined) ?? {};
  if (!Array.isArray(revocations)) {
    world.stderr.write(`-- the sidecar gives no past events (${got.ok ? `status ${got.status}` : got.failure})\n`);
    return [];
  }
  return revocations.filter(isJsonObject).flatMap((each) => readEvent(each) ?? []);
}

function readEvent({ kind, loggedAtMs, digest, latencyMs, ...details }: JsonObject): PastEvent | undefined {
  if (typeof kind !== 'string' || typeof loggedAtMs !== 'number' || typeof digest !== 'string') return undefined;
  const text = (name: string) => (typeof details[name] === 'string' ? details[name] : undefined);
  return {
    kind,
    id: text('id'),
    dimension: dimensions.find((known) => known === details['dimension']),
    reason: revocationReasons.find((known) => known === details['reason']),
    actor: text('actor'),
    loggedAtMs,
    latencyMs: typeof latencyMs === 'number' ? Math.round(latencyMs) : undefined,
    digest,
  };
}
