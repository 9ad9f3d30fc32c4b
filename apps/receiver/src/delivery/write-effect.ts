import type { Publisher } from '@revocast/denylist';
import { statementId } from '@revocast/denylist/replica';
import type { BlockEffect, LiftEffect, RevokeEffect } from '../signals/signal.ts';
import type { AccountStates } from './account-states.ts';
import { afterFailure, type WriteFailure } from './write-failure.ts';

export interface WritePorts {
  readonly publisher: Pick<Publisher, 'revoke' | 'lift'>;
  readonly states: AccountStates;
}

export type WriteResult = WriteFailure | { readonly result: 'logged' | 'outdated' };

/** Writes one effect to the log. An effect that was written before writes nothing. Never rejects. */
export type WriteEffect = (
  effect: RevokeEffect | BlockEffect | LiftEffect,
  occurredAtMs: number,
) => Promise<WriteResult>;

export function createWriteEffect(ports: WritePorts): WriteEffect {
  const unchecked = new UncheckedIds();
  return async (effect, occurredAtMs) => {
    try {
      if (effect.kind !== 'revoke') return await writeState(effect, occurredAtMs, { ...ports, unchecked });
      await ports.publisher.revoke(effect.revocation, { id: effect.id, occurredAtMs });
      return { result: 'logged' };
    } catch (error) {
      return afterFailure(error, effect.kind === 'revoke' && effect.revocation.issuedUpTo !== undefined);
    }
  };
}

const stateUnknown = { result: 'unavailable', code: 'state_unknown', retryAfterMs: 1000, isOwn: true } as const;
/** Each further round needs a state that another delivery noted during the one before. */
const mostRounds = 5;

/**
 * Another delivery, also one of another receiver, can note a later state at any time. Every delivery notes its state before it
 * writes, and asks again after it: the last one that writes sees the newest state, and writes that one.
 */
async function writeState(
  effect: BlockEffect | LiftEffect,
  occurredAtMs: number,
  { publisher, states, unchecked }: WritePorts & { readonly unchecked: UncheckedIds },
): Promise<WriteResult> {
  const { id } = effect;
  // An earlier attempt may have written it: then it must be checked, although a later state is known.
  if (!unchecked.has(id)) {
    const later = await states.laterThan(effect);
    if (later === 'unknown') return stateUnknown;
    if (later !== 'none') return { result: 'outdated' };
  }
  let result: 'logged' | 'not_durable' | 'id_conflict' = 'logged';
  const inForce = async (writing: Promise<unknown>) => {
    try {
      await writing;
    } catch (error) {
      const failure = afterFailure(error, false).result;
      if (failure !== 'not_durable' && failure !== 'id_conflict') throw error;
      result = failure;
    }
  };
  // Noted first: when this process ends between the two, the event is delivered again.
  await inForce(states.note(effect, occurredAtMs));
  unchecked.add(id);
  if (effect.kind === 'block') await inForce(publisher.revoke(effect.revocation, { id, occurredAtMs }));
  else await inForce(publisher.lift(effect.lift, { id, occurredAtMs }));
  let written = effect.kind;
  for (let round = 0; round < mostRounds; round += 1) {
    const later = await states.laterThan(effect);
    if (later === 'unknown') return stateUnknown;
    if (later === 'none' || later === written) {
      unchecked.delete(id);
      return { result: written === effect.kind ? result : 'outdated' };
    }
    const options = { id: statementId([id, 'superseded', later, String(round)]), occurredAtMs };
    const { target, reason } = aboutOf(effect);
    if (later === 'block') await inForce(publisher.revoke({ ...target, reason, block: true }, options));
    else await inForce(publisher.lift(target, options));
    written = later;
  }
  return stateUnknown;
}

function aboutOf(effect: BlockEffect | LiftEffect) {
  if (effect.kind === 'lift') return { target: effect.lift, reason: 'account_disabled' } as const;
  const { reason, block: _block, ...target } = effect.revocation;
  return { target, reason };
}

const mostUnchecked = 10_000;

/** States that may be in the log without a check after it. */
class UncheckedIds {
  readonly #ids = new Set<string>();

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(id: string): void {
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > mostUnchecked && oldest !== undefined) this.#ids.delete(oldest);
  }

  delete(id: string): void {
    this.#ids.delete(id);
  }
}
