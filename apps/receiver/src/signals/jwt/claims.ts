import { isName, type JsonObject } from '@revocast/denylist/replica';
import type { SourceProfile } from '../source-profile.ts';

/** How far the clock of a sender may be ahead, in seconds. */
export const mostAheadSeconds = 60;

/** Whole or fractional seconds since 1970 (RFC 7519 §2, NumericDate), after 2001. */
export function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && value > 1e9 && value < 1e11;
}

/** RFC 7519 §4.1.3: one string, or a list of strings. */
export function audiencesOf({ aud }: JsonObject): readonly string[] | undefined {
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return audiences.length > 0 && audiences.length <= 64 && audiences.every(isName) ? audiences : undefined;
}

/** The audiences of a message that are the source's. Empty: it is for another receiver. */
export function ownAudiences(claims: JsonObject, { audience }: SourceProfile): readonly string[] {
  return audiencesOf(claims)?.filter((name) => audience.includes(name)) ?? [];
}
