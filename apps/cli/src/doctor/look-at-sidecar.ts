import { isJsonObject, type JsonObject, parseJsonObject } from '@revocast/denylist/replica';
import { askSidecar } from '../questions/ask-sidecar.ts';
import { getText } from '../questions/get-text.ts';
import type { World } from '../world.ts';

/** The answers of a sidecar. */
export interface SidecarFacts {
  /** Why a listener could not be used: an error code or a status. */
  readonly dataFailure?: string;
  readonly adminFailure?: string;
  /** Age of the proof of completeness; absent while the sidecar is not fresh. */
  readonly freshAgeMs?: number;
  readonly readiness?: Readiness;
  readonly version?: string;
  /** The processes that follow it, those with the largest lag first; undefined from a sidecar of the last release. */
  readonly replicas?: readonly ReplicaFacts[];
  /** Metrics without labels, by name without prefix. */
  readonly figures: ReadonlyMap<string, number>;
}

/** One process behind a sidecar. */
export interface ReplicaFacts {
  /** Its label, or else its id. */
  readonly name: string;
  readonly lag: 'none' | 'unknown' | { readonly changes: number; readonly ms: number };
  /** Milliseconds since its last report. */
  readonly silentMs?: number;
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
  const { dataUrl, adminUrl, timeoutMs } = options;
  const data = askSidecar({ ...options, url: dataUrl, option: '--sidecar' }, world);
  const adminSource = { name: adminUrl, baseUrl: adminUrl.replace(/\/+$/, '') };
  const admin = (path: string) => getText({ source: adminSource, path, timeoutMs });
  const [fresh, replicas, ready, version, metrics] = await Promise.all([
    data('/v1/fresh'),
    data('/console/replicas'),
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
    replicas: replicas.ok && replicas.status === 200 ? parseReplicas(replicas.body) : undefined,
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

function parseReplicas(text: string): readonly ReplicaFacts[] | undefined {
  const { replicas } = parseJsonObject(text) ?? {};
  return Array.isArray(replicas) ? replicas.filter(isJsonObject).map(parseReplica) : undefined;
}

function parseReplica({ id, label, lag, silentMs }: JsonObject): ReplicaFacts {
  const { kind, changes, ms } = isJsonObject(lag) ? lag : {};
  const behind = typeof changes === 'number' && typeof ms === 'number' ? { changes, ms } : 'unknown';
  return {
    name: textOf(label) || (textOf(id) ?? 'without a name'),
    lag: kind === 'current' ? 'none' : behind,
    silentMs: typeof silentMs === 'number' ? silentMs : undefined,
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function parseFigures(text: string): Map<string, number> {
  return new Map([...text.matchAll(/^revocast_(\w+) (\S+)$/gm)].map(([, name = '', value]) => [name, Number(value)]));
}
