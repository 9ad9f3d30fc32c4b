import type { Change } from '@revocast/denylist/replica';

/** The way of one revocation to this process, in seconds. The stages add up to the latency. */
export interface AppliedStages {
  readonly latency: number;
  /** Until the log had it. */
  readonly publish: number;
  /** Until this host had it. */
  readonly deliver: number;
  /** Until look-ups here saw it. */
  readonly apply: number;
  /** How many of these came out below zero and were set to it: clocks differ. */
  readonly clamped: number;
}

/** When a revocation happened, as well as anybody knows: at the identity provider, else when it was asked for. */
export function occurredAtMs({ details, loggedAtMs }: Change): number | undefined {
  return details?.occurredAtMs ?? details?.requestedAtMs ?? loggedAtMs;
}

/**
 * Measures one applied revocation.
 *
 * @param appliedAtMs log clock.
 * @returns undefined for what carries no time (learnt from a snapshot or given back after a loss) and for lifts.
 */
export function stagesOf(change: Change, appliedAtMs: number): AppliedStages | undefined {
  const occurred = occurredAtMs(change);
  const { loggedAtMs, details } = change;
  if (occurred === undefined || loggedAtMs === undefined || details?.kind !== 'revoke') return undefined;
  const receivedAtMs = change.receivedAtMs ?? appliedAtMs;
  let clamped = 0;
  const seconds = (fromMs: number, toMs: number): number => {
    if (toMs < fromMs) clamped += 1;
    return Math.max(0, toMs - fromMs) / 1000;
  };
  const [publish, deliver, apply] = [
    seconds(occurred, loggedAtMs),
    seconds(loggedAtMs, receivedAtMs),
    seconds(receivedAtMs, appliedAtMs),
  ];
  return { latency: seconds(occurred, appliedAtMs), publish, deliver, apply, clamped };
}
