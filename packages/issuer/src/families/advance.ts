import type { EndReason, Family } from './family.ts';

/** The token that a rotation makes current. */
export interface NextToken {
  readonly hash: Uint8Array;
  readonly salt: Uint8Array;
  readonly keyId: number;
}

export interface Lifetimes {
  readonly idleMs: number;
  readonly graceMs: number;
  /** Lifetime of the access token that is made with it. */
  readonly accessMs: number;
}

/** The count stops here: a `smallint` holds it. Only 2 has a meaning. */
export const mostRetriedGenerations = 1000;

/** ACTIVE(n) ──▶ ACTIVE(n+1). */
export function rotate(family: Family, next: NextToken, { nowMs, idleMs, graceMs, accessMs }: Lifetimes & At): Family {
  return {
    ...family,
    generation: family.generation + 1,
    previous: family.current,
    current: next.hash,
    salt: next.salt,
    keyId: next.keyId,
    retries: 0,
    retriedGenerations: family.retries > 0 ? Math.min(family.retriedGenerations + 1, mostRetriedGenerations) : 0,
    rotatedAtMs: nowMs,
    graceUntilMs: nowMs + graceMs,
    idleUntilMs: nowMs + idleMs,
    accessUntilMs: Math.max(family.accessUntilMs, nowMs + accessMs),
  };
}

/** The parent was shown again: counted, and a new access token is made. The idle lifetime does not move. */
export function retry(family: Family, { nowMs, accessMs }: Pick<Lifetimes, 'accessMs'> & At): Family {
  return {
    ...family,
    retries: family.retries + 1,
    accessUntilMs: Math.max(family.accessUntilMs, nowMs + accessMs),
  };
}

export function end(family: Family, { nowMs, reason, by }: Ending & At): Family {
  return { ...family, ended: { atMs: nowMs, reason, by } };
}

/**
 * A thief who always refreshes within the grace after the owner is never refused, but leaves a retry in each generation. The
 * third such generation in a row is reported, once.
 */
export function isShadowed(retried: Family): boolean {
  return retried.retries === 1 && retried.retriedGenerations === 2;
}

export interface Ending {
  readonly reason: EndReason;
  readonly by?: string;
}

interface At {
  readonly nowMs: number;
}
