import {
  isGiven,
  type NumberBounds,
  orDefault,
  readNumber,
  readStrings,
  refuse,
  refuseUnknownKeys,
} from '../options/read-option.ts';
import type { RequestWithHeaders } from '../token/bearer.ts';
import { scopeToken } from '../token/scope.ts';

/** Where a request came from, in degrees. */
export interface Place {
  /** -90 to 90. */
  readonly latitude: number;
  /** -180 to 180. */
  readonly longitude: number;
}

/** One session, or one token, in two places between which nobody can have travelled. A hint, and no proof. */
export interface SuspiciousUse {
  readonly event: 'suspicious_use';
  /** What was in both places; `token` where the tokens name no session. */
  readonly dimension: 'session' | 'token';
  /** The first 8 hex digits of its digest, as in traces and in the console. */
  readonly digest: string;
  readonly distanceKm: number;
  /** Between the two requests. */
  readonly elapsedMs: number;
  /** Unix milliseconds of the second one. */
  readonly atMs: number;
}

/** Figures of how the API is used. One object for all verifiers that are to be counted together. */
export interface UsageOptions {
  /** Scopes that are counted by name, at most 100; every other is `other`. Default none. */
  readonly scopes?: readonly string[];
  /**
   * Says where a request came from, or undefined; asked for each accepted request, so that it must be fast. One that
   * throws is counted, and nothing else. Default none.
   */
  locate?(request: RequestWithHeaders): Place | undefined;
  /** Told of each suspicious use. It revokes nothing by itself. Default none. */
  onSuspiciousUse?(use: SuspiciousUse): void;
  /** km/h, 100–100000, default 1000: whoever was faster was in two places. Under 100 km nobody is suspected. */
  readonly maxSpeedKmh?: number;
  /** Sessions and tokens whose last place is kept, 100–1000000, default 10000. */
  readonly maxPlaces?: number;
}

export const usageOptionNames = [
  'scopes',
  'locate',
  'onSuspiciousUse',
  'maxSpeedKmh',
  'maxPlaces',
] as const satisfies readonly (keyof UsageOptions)[];

/** The numbers of {@link UsageOptions}; bounds are inclusive. */
export const usageNumbers = {
  maxSpeedKmh: { unit: 'km/h', default: 1000, min: 100, max: 100_000 },
  maxPlaces: { unit: 'places', default: 10_000, min: 100, max: 1_000_000 },
} as const satisfies Record<string, NumberBounds & { default: number }>;

const maxScopes = 100;

/** {@link UsageOptions}, every decision made. */
export interface ResolvedUsage {
  readonly scopes: readonly string[];
  readonly locate: ((request: RequestWithHeaders) => unknown) | undefined;
  readonly onSuspiciousUse: ((use: SuspiciousUse) => unknown) | undefined;
  readonly maxSpeedKmh: number;
  readonly maxPlaces: number;
}

/** The same for the same object: verifiers that were handed one are counted together. */
const known = new WeakMap<object, ResolvedUsage>();

/** @throws ConfigurationError */
export function readUsage(value: unknown): ResolvedUsage | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isGiven(value)) refuse('usage', 'an object or null', value);
  const read = known.get(value) ?? resolve(value);
  known.set(value, read);
  return read;
}

function resolve(value: Readonly<Record<string, unknown>>): ResolvedUsage {
  refuseUnknownKeys('usage.', value, usageOptionNames);
  const number = (name: keyof typeof usageNumbers) =>
    orDefault(value[name], usageNumbers[name].default, (found) =>
      readNumber(`usage.${name}`, found, usageNumbers[name]),
    );
  const hook = (name: 'locate' | 'onSuspiciousUse') =>
    orDefault(value[name], undefined, (found) =>
      typeof found === 'function'
        ? (argument: unknown): unknown => Reflect.apply(found, value, [argument])
        : refuse(`usage.${name}`, 'a function', found),
    );
  return Object.freeze({
    scopes: orDefault(value['scopes'], [], readScopes),
    locate: hook('locate'),
    onSuspiciousUse: hook('onSuspiciousUse'),
    maxSpeedKmh: number('maxSpeedKmh'),
    maxPlaces: number('maxPlaces'),
  });
}

function readScopes(value: unknown): readonly string[] {
  const scopes = readStrings('usage.scopes', value);
  if (scopes.length > maxScopes) refuse('usage.scopes', `at most ${maxScopes} scopes`, value);
  for (const scope of scopes) {
    if (!scopeToken.test(scope))
      refuse('usage.scopes', 'scopes without space, quote and backslash (RFC 6749 §3.3)', scope);
  }
  return scopes;
}
