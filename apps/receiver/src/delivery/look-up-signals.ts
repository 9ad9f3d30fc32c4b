import { effectsOfSubjects } from '../signals/effects-of-subjects.ts';
import type { Effect, ResolveEffect, Signal } from '../signals/signal.ts';
import type { SourceProfile } from '../signals/source-profile.ts';
import type { Resolver } from './resolve.ts';

/** What a directory found, by identifier. */
export type Found = ReadonlyMap<string, readonly string[]>;

/** Asks once for each identifier. @returns undefined while the directory does not answer. Without a directory nothing is found. */
export async function lookUpSignals(
  signals: readonly Signal[],
  resolve: Resolver | undefined,
): Promise<Found | undefined> {
  const found = new Map<string, readonly string[]>();
  for (const { source, effects } of signals) {
    for (const effect of effects) {
      if (effect.kind !== 'resolve' || resolve === undefined || found.has(keyOf(effect))) continue;
      const { identifier, action } = effect;
      const resolved = await resolve({ source, identifier, eventAtMs: action.stateAtMs });
      if (resolved.outcome === 'unavailable') return undefined;
      found.set(keyOf(effect), resolved.subjects);
    }
  }
  return found;
}

/**
 * The same signals, with what they do to the subjects that were found, so that no later question is needed.
 *
 * @returns undefined when an answer of the directory is no list of subjects.
 */
export function withFound(
  signals: readonly Signal[],
  found: Found,
  profile: SourceProfile,
): readonly Signal[] | undefined {
  const all: Signal[] = [];
  for (const signal of signals) {
    const effects: Effect[] = [];
    for (const effect of signal.effects) {
      const replaced = effect.kind === 'resolve' ? effectsOn(effect, found, profile) : [effect];
      if (replaced === undefined) return undefined;
      effects.push(...replaced);
    }
    all.push({ ...signal, effects });
  }
  return all;
}

/** Whether no account has one of the identifiers. */
export function hasUnresolved({ effects }: Signal, found: Found): boolean {
  return effects.some((effect) => effect.kind === 'resolve' && !found.get(keyOf(effect))?.length);
}

function effectsOn(effect: ResolveEffect, found: Found, profile: SourceProfile): readonly Effect[] | undefined {
  const subjects = found.get(keyOf(effect)) ?? [];
  return effectsOfSubjects(
    effect,
    subjects.map((subject) => ({ subject })),
    profile,
  );
}

function keyOf({ identifier }: ResolveEffect): string {
  return JSON.stringify(identifier);
}
