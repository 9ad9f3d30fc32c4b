import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { effectsOfSubjects } from '../signals/effects-of-subjects.ts';
import type { Effect, ResolveEffect, Signal, StreamStatus } from '../signals/signal.ts';
import type { SourceProfile } from '../signals/source-profile.ts';
import type { Delivered, DeliveryResult } from './delivery-result.ts';
import { lateForm } from './late-form.ts';
import type { Resolver } from './resolve.ts';
import { TargetQueue } from './target-queue.ts';
import { createWriteEffect, type WriteEffect, type WritePorts } from './write-effect.ts';

/** A source, as the delivery of its signals needs it. */
export interface DeliveredSource {
  readonly profile: SourceProfile;
  /** Absent: no subject is looked up. */
  readonly resolve?: Resolver | undefined;
}

/** What a delivery reports. Must not throw. */
export interface DeliveryObserver {
  signalDelivered(signal: Signal, result: DeliveryResult): void;
  widened(signal: Signal): void;
  /** An event that needs a person: too late, or its effect was refused for ever. */
  needsAttention(signal: Signal, why: 'too_late' | 'rejected', code?: string): void;
  verified(signal: Signal, state: string | undefined): void;
  streamUpdated(signal: Signal, status: StreamStatus): void;
}

export interface DeliverPorts extends WritePorts {
  readonly sources: ReadonlyMap<string, DeliveredSource>;
  readonly observer: DeliveryObserver;
  readonly nowMs: () => number;
  readonly log: Pick<Logger, 'warn'>;
}

interface DeliverParts extends DeliverPorts {
  readonly write: WriteEffect;
}

/** Delivers the signals of one message. */
export type Deliver = (signals: readonly Signal[]) => Promise<Delivered>;

const done: Delivered = { outcome: 'done' };

/**
 * Writes signals to the log. What concerns one value is written in the order of the calls. It resolves to `done` only when the
 * log has everything, and what was written twice is in it once. What is not durable is not counted. It never rejects.
 */
export function createDeliver(ports: DeliverPorts): Deliver {
  const queue = new TargetQueue();
  const write = createWriteEffect(ports);
  // What was looked up has its own value only now. Nothing waits inside of these tasks, so no two wait for each other.
  const writes = new TargetQueue();
  const parts: DeliverParts = {
    ...ports,
    write: (effect, occurredAtMs) => writes.run([effect.target], () => write(effect, occurredAtMs)),
  };
  const deliverSignal = (signal: Signal) => queue.run(targetsOf([signal]), () => deliverOne(signal, parts));
  return async (signals) => {
    // All are added at once: the order of two messages about one value is that of their arrival.
    const results = await Promise.all(signals.map(deliverSignal));
    return results.reduce(worse, done);
  };
}

/** The values that signals concern. What is still to be looked up counts by its identifier. */
export function targetsOf(signals: readonly Signal[]): string[] {
  const targets = signals.flatMap(({ effects }) =>
    effects.flatMap((effect) => {
      if ('target' in effect) return [effect.target];
      return effect.kind === 'resolve' ? [digestOfIdentifier(effect)] : [];
    }),
  );
  return [...new Set(targets)];
}

function digestOfIdentifier({ identifier }: ResolveEffect): string {
  return createHash('sha256').update(JSON.stringify(identifier)).digest('hex');
}

function worse(one: Delivered, other: Delivered): Delivered {
  if (one.outcome === 'done' && other.outcome === 'done') {
    const notDurable = [...(one.notDurable ?? []), ...(other.notDurable ?? [])];
    return notDurable.length === 0 ? done : { outcome: 'done', notDurable };
  }
  if (one.outcome === 'done') return other;
  if (other.outcome === 'done') return one;
  const retryAfterMs = Math.max(one.retryAfterMs, other.retryAfterMs);
  return { outcome: 'unavailable', retryAfterMs, isOwn: one.isOwn && other.isOwn };
}

async function deliverOne(signal: Signal, ports: DeliverParts): Promise<Delivered> {
  let delivered = done;
  // In turn: a message may disable an account and end its sessions.
  for (const effect of signal.effects) delivered = worse(delivered, await deliverEffect(effect, signal, ports));
  return delivered;
}

async function deliverEffect(effect: Effect, signal: Signal, ports: DeliverParts): Promise<Delivered> {
  const { observer } = ports;
  const count = (result: DeliveryResult) => {
    observer.signalDelivered(signal, result);
    return done;
  };
  switch (effect.kind) {
    case 'ignored':
      if (effect.isLate) observer.needsAttention(signal, 'too_late');
      return count(effect.reason);
    case 'verification':
      observer.verified(signal, effect.state);
      return count('received');
    case 'stream_updated':
      observer.streamUpdated(signal, effect.status);
      return count('received');
    case 'resolve':
      return await deliverResolved(effect, signal, ports);
    default: {
      const written = lateForm(effect, signal.occurredAtMs, ports.nowMs());
      if (written === undefined) {
        observer.needsAttention(signal, 'too_late');
        return count('too_late');
      }
      if (written.kind === 'revoke' && written.isLate) observer.needsAttention(signal, 'too_late');
      if (written.kind === 'revoke' && written.isWidened) observer.widened(signal);
      const result = await ports.write(written, signal.occurredAtMs);
      if (result.result === 'unavailable') {
        count('unavailable');
        return { outcome: 'unavailable', retryAfterMs: result.retryAfterMs, isOwn: result.isOwn };
      }
      if (result.result === 'not_durable') {
        // What needs a person was reported above, and once.
        const again = written.kind === 'revoke' ? { ...written, isWidened: false, isLate: false } : written;
        return { outcome: 'done', notDurable: [{ ...signal, effects: [again] }] };
      }
      if (result.result === 'rejected') observer.needsAttention(signal, 'rejected', result.code);
      return count(result.result);
    }
  }
}

const directoryRetryMs = 5000;

async function deliverResolved(effect: ResolveEffect, signal: Signal, ports: DeliverParts): Promise<Delivered> {
  const { observer, sources } = ports;
  const source = sources.get(signal.source);
  const resolved =
    source?.resolve === undefined
      ? ({ outcome: 'found', subjects: [] } as const)
      : await source.resolve({
          source: signal.source,
          identifier: effect.identifier,
          eventAtMs: effect.action.stateAtMs,
        });
  const found = resolved.outcome === 'found' ? resolved.subjects.map((subject) => ({ subject })) : undefined;
  const effects = found && source && effectsOfSubjects(effect, found, source.profile);
  if (effects === undefined) {
    observer.signalDelivered(signal, 'unavailable');
    return { outcome: 'unavailable', retryAfterMs: directoryRetryMs, isOwn: true };
  }
  if (effects.length === 0) {
    observer.signalDelivered(signal, 'unresolved');
    return done;
  }
  let delivered = done;
  for (const each of effects) delivered = worse(delivered, await deliverEffect(each, signal, ports));
  return delivered;
}
