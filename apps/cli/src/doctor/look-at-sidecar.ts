import { parseJsonObject, parseSource } from '@revocast/denylist/replica';
import { readFirstLine } from '../read-secret.ts';
import type { World } from '../world.ts';
import { getText } from './get-text.ts';

/** The answers of a sidecar. */
export interface SidecarFacts {
  /** Why a listener could not be used: an error code or a status. */
  readonly dataFailure?: string;
  readonly adminFailure?: string;
  /** Age of the proof of completeness; absent while the sidecar is not fresh. */
  readonly freshAgeMs?: number;
  readonly readiness?: Readiness;
  readonly version?: string;
  /** Metrics without labels, by name without prefix. */
  readonly figures: ReadonlyMap<string, number>;
}

export interface Readiness {
  readonly ok: boolean;
  readonly check: string;
  readonly cause?: string;
  readonly lastError?: string;
  readonly remedy?: string;
  readonly degraded?: boolean;
}

export interface LookAtSidecar {
  readonly dataUrl: string;
  readonly adminUrl: string;
  readonly tokenFile?: string;
  readonly dangerouslyAllowHttp?: boolean;
  readonly timeoutMs: number;
}

/** Reads from both listeners. @throws ConfigurationError for plain http to another host without `dangerouslyAllowHttp`. */
export async function lookAtSidecar(options: LookAtSidecar, world: World): Promise<SidecarFacts> {
  const { dataUrl, adminUrl, tokenFile, timeoutMs } = options;
  parseSource(dataUrl, '--sidecar', options);
  const headers: Record<string, string> = {};
  if (tokenFile !== undefined) {
    headers['authorization'] = `Bearer ${readFirstLine(tokenFile, '--token-file', world)}`;
  }
  const admin = (path: string) => getText({ base: adminUrl, path, timeoutMs });
  const [fresh, ready, version, metrics] = await Promise.all([
    getText({ base: dataUrl, path: '/v1/fresh', timeoutMs, headers }),
    admin('/readyz'),
    admin('/version'),
    admin('/metrics'),
  ]);
  const freshAgeMs = fresh.ok && fresh.status === 200 ? parseJsonObject(fresh.body)?.['ageMs'] : undefined;
  return {
    dataFailure: fresh.ok ? describeStatus(fresh.status) : fresh.failure,
    adminFailure: ready.ok ? undefined : ready.failure,
    freshAgeMs: typeof freshAgeMs === 'number' ? freshAgeMs : undefined,
    readiness: ready.ok ? parseReadiness(ready.body) : undefined,
    version: version.ok ? textOf(parseJsonObject(version.body)?.['version']) : undefined,
    figures: parseFigures(metrics.ok ? metrics.body : ''),
  };
}

/** 503 means not fresh. */
function describeStatus(status: number): string | undefined {
  return status === 200 || status === 503 ? undefined : `status ${status}`;
}

function parseReadiness(text: string): Readiness | undefined {
  const { ok, check, cause, lastError, remedy, degraded } = parseJsonObject(text) ?? {};
  if (typeof ok !== 'boolean' || typeof check !== 'string') return undefined;
  return {
    ok,
    check,
    cause: textOf(cause),
    lastError: textOf(lastError),
    remedy: textOf(remedy),
    degraded: degraded === true || undefined,
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function parseFigures(text: string): Map<string, number> {
  return new Map([...text.matchAll(/^revocast_(\w+) (\S+)$/gm)].map(([, name = '', value]) => [name, Number(value)]));
}
