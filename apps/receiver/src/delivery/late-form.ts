import type { BlockEffect, LiftEffect, RevokeEffect } from '../signals/signal.ts';

/**
 * The log keeps an id for a day. A block that is written later could deny a user who was enabled meanwhile, and a lift
 * could enable a user who was disabled meanwhile. Messages can wait in a spool for that long.
 */
const lateAfterMs = 20 * 3_600_000;

/** What to write of an effect now: a late block denies the tokens issued so far; undefined for a late lift. */
export function lateForm(
  effect: RevokeEffect | BlockEffect | LiftEffect,
  occurredAtMs: number,
  nowMs: number,
): RevokeEffect | BlockEffect | LiftEffect | undefined {
  if (effect.kind === 'revoke' || nowMs - occurredAtMs <= lateAfterMs) return effect;
  if (effect.kind === 'lift') return undefined;
  const { block: _block, expiresAt: _expiresAt, ...about } = effect.revocation;
  const revocation = { ...about, issuedUpTo: Math.floor(nowMs / 1000) };
  // Another statement needs another id.
  return { kind: 'revoke', id: `${effect.id}-late`, target: effect.target, revocation, isWidened: false, isLate: true };
}
