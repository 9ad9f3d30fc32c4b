import { processWide } from '@revocast/denylist/replica';
import type { AnyRequest, RequestWithHeaders } from '../token/bearer.ts';
import { scopeToken } from '../token/scope.ts';
import { WeakMemo } from '../verifier/weak-memo.ts';
import { type GivenOptions, group, number, optional, type Reader, type ReadOptions } from './option-table.ts';
import { isGiven, readFunction, readStrings, refuse } from './read-option.ts';

/** Where a request came from, in degrees. */
export interface Place {
  /** -90 to 90. */
  readonly latitude: number;
  /** -180 to 180. */
  readonly longitude: number;
}

/** One session, or one token, in two places that are too far apart for the time between. A hint, not a proof. */
export interface SuspiciousUse {
  readonly event: 'suspicious_use';
  /** What was in both places; `token` where the tokens have no session. */
  readonly dimension: 'session' | 'token';
  /** The first 8 hex digits of its digest, as in traces and in the console. */
  readonly digest: string;
  readonly distanceKm: number;
  /** Between the two requests. */
  readonly elapsedMs: number;
  /** Unix milliseconds of the second request. */
  readonly atMs: number;
}

/** The hooks, as methods: a caller may type the request more narrowly. */
interface UsageHooks {
  locate(request: RequestWithHeaders): Place | undefined;
  onSuspiciousUse(use: SuspiciousUse): void;
}

const maxScopes = 100;

const readScopeNames: Reader<readonly string[] | undefined> = (name, value) => {
  const scopes = readStrings(name, value);
  const invalid = scopes.find((scope) => !scopeToken.test(scope));
  if (invalid !== undefined) refuse(name, 'scopes without space, quote and backslash (RFC 6749 §3.3)', invalid);
  return scopes.length > maxScopes ? undefined : scopes;
};

/** The options `usage`: what is counted about accepted tokens. */
export const usageTable = {
  /** Scopes that are counted by name; every other scope is counted as `other`. Default: none. */
  scopes: optional({ absent: [], bounds: `at most ${maxScopes} scopes`, read: readScopeNames }),
  /**
   * Hook that returns at once where a request came from, or undefined. It runs on each accepted request. Its errors are
   * counted and change nothing else. Default: none.
   */
  locate: optional<(request: AnyRequest) => unknown, UsageHooks['locate']>({
    bounds: 'a function',
    read: readFunction,
  }),
  /**
   * Called when one session or token was used in two places that are too far apart for the time between. It revokes
   * nothing. Default: none.
   */
  onSuspiciousUse: optional<(use: SuspiciousUse) => unknown, UsageHooks['onSuspiciousUse']>({
    bounds: 'a function',
    read: readFunction,
  }),
  /** A faster move than this is suspicious, from a distance of 100 km. Km/h, 100–100000, default 1000. */
  maxSpeedKmh: number({ unit: 'km/h', default: 1000, min: 100, max: 100_000 }),
  /** Sessions and tokens whose last place is kept. Places, 100–1000000, default 10000. */
  maxPlaces: number({ unit: 'places', default: 10_000, min: 100, max: 1_000_000 }),
};

/** What is counted about accepted tokens. One object for all verifiers that are to be counted together. */
export type UsageOptions = GivenOptions<typeof usageTable>;
export type ResolvedUsage = ReadOptions<typeof usageTable>;

const readGroup = group(usageTable);
/** The same result for the same object: verifiers that share it are counted together. */
const known = processWide('middleware.usage-options.1', () => new WeakMemo<ResolvedUsage>());

export const readUsage: Reader<ResolvedUsage | undefined> = (name, value, context) => {
  if (value === undefined || value === null) return undefined;
  if (!isGiven(value)) refuse(name, 'an object or null', value);
  return known.get([value], () => {
    const read = readGroup(name, value, context);
    // The hooks may use `this`.
    const [locate, onSuspiciousUse] = [read.locate?.bind(value), read.onSuspiciousUse?.bind(value)];
    return Object.freeze({ ...read, locate, onSuspiciousUse });
  });
};
