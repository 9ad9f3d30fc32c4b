import { readFirstLine } from '../source-options.ts';
import type { World } from '../world.ts';
import { getText } from './get-text.ts';

/** What a sidecar says of itself. What is absent it did not say. */
export interface SidecarFacts {
  /** Where it was asked; absent parts could not be reached. */
  readonly dataFailure?: string;
  readonly adminFailure?: string;
  /** Of its proof of completeness; absent while it is not fresh. */
  readonly freshAgeMs?: number;
  readonly readiness?: Readiness;
  readonly version?: string;
  /** Figures of `/metrics`, without the prefix; only those without labels. */
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
  readonly timeoutMs: number;
}

/** Asks both listeners. */
export async function lookAtSidecar(options: LookAtSidecar, world: World): Promise<SidecarFacts> {
  const { dataUrl, adminUrl, tokenFile, timeoutMs } = options;
  const authorization: Record<string, string> = {};
  if (tokenFile !== undefined)
    authorization['authorization'] = `Bearer ${readFirstLine(tokenFile, '--token-file', world)}`;
  const admin = (path: string) => getText({ base: adminUrl, path, timeoutMs });
  const [fresh, ready, version, metrics] = await Promise.all([
    getText({ base: dataUrl, path: '/v1/fresh', timeoutMs, headers: authorization }),
    admin('/readyz'),
    admin('/version'),
    admin('/metrics'),
  ]);
  const freshAgeMs = fresh.ok && fresh.status === 200 ? readFields(fresh.body)['ageMs'] : undefined;
  const runningVersion = version.ok ? readFields(version.body)['version'] : undefined;
  const readiness = ready.ok ? parseReadiness(ready.body) : undefined;
  return {
    ...(fresh.ok ? refusal(fresh.status) : { dataFailure: fresh.failure }),
    ...(ready.ok ? {} : { adminFailure: ready.failure }),
    ...(typeof freshAgeMs === 'number' ? { freshAgeMs } : {}),
    ...(readiness === undefined ? {} : { readiness }),
    ...(typeof runningVersion === 'string' ? { version: runningVersion } : {}),
    figures: metrics.ok ? parseFigures(metrics.body) : new Map(),
  };
}

/** 503 is an answer: not fresh. */
function refusal(status: number): { readonly dataFailure?: string } {
  return status === 200 || status === 503 ? {} : { dataFailure: `status ${status}` };
}

function parseReadiness(text: string): Readiness | undefined {
  const { ok, check, cause, lastError, remedy, degraded } = readFields(text);
  if (typeof ok !== 'boolean' || typeof check !== 'string') return undefined;
  return {
    ok,
    check,
    ...(typeof cause === 'string' ? { cause } : {}),
    ...(typeof lastError === 'string' ? { lastError } : {}),
    ...(typeof remedy === 'string' ? { remedy } : {}),
    ...(degraded === true ? { degraded } : {}),
  };
}

function readFields(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {}; // not a sidecar's answer
  }
}

function parseFigures(text: string): Map<string, number> {
  return new Map([...text.matchAll(/^revocast_(\w+) (\S+)$/gm)].map(([, name = '', value]) => [name, Number(value)]));
}
