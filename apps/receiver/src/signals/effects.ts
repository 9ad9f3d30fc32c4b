import type { RevocationTarget } from '@revocast/denylist';
import { digestOf, digestToHex, statementId, valueOfTarget } from '@revocast/denylist/replica';
import type { Action, Effect, IgnoredReason } from './signal.ts';
import type { SourceProfile } from './source-profile.ts';
import type { Subject } from './subjects/subject.ts';

/** A value of one dimension, and whether it covers more than the event names. */
interface Value {
  readonly target: RevocationTarget;
  readonly isWidened: boolean;
}

/** What an action does to each subject, without repetitions. */
export function effectsOn(subjects: readonly Subject[], action: Action, source: SourceProfile): readonly Effect[] {
  const effects = subjects.flatMap((subject) => effectsOnSubject(subject, action, source));
  const seen = new Set<string>();
  return effects.filter((effect) => {
    const key = 'id' in effect ? effect.id : JSON.stringify(effect);
    return !seen.has(key) && seen.add(key);
  });
}

function effectsOnSubject(subject: Subject, action: Action, source: SourceProfile): readonly Effect[] {
  switch (subject.kind) {
    case 'foreign':
      return [ignore('unmapped_issuer')];
    case 'unsupported':
      return [ignore('unsupported')];
    case 'identifier': {
      const { identifier, client, isWidened = false } = subject;
      return [{ kind: 'resolve', identifier, action, client, isWidened }];
    }
    case 'session':
    case 'token':
      return effectsOnOne(subject, action, source);
    case 'tenant': {
      if (!source.allow.tenant) return [ignore('not_allowed')];
      const { tenant } = subject;
      return effectsOnMany(
        source.tokenIssuers.map((issuer) => plain({ issuer, tenant })),
        action,
        source,
      );
    }
    case 'user': {
      const { issuers, subject: name, client, isWidened = false } = subject;
      return effectsOnMany(
        issuers.map((issuer) => ({
          target: client === undefined ? { issuer, subject: name } : { issuer, subject: name, client },
          isWidened,
        })),
        action,
        source,
      );
    }
  }
}

/** A session or a token ends for ever. Neither can be disabled or enabled. */
function effectsOnOne(
  subject: Subject & { readonly kind: 'session' | 'token' },
  action: Action,
  source: SourceProfile,
): readonly Effect[] {
  if (action.kind !== 'end') return [ignore('unsupported')];
  const targets: RevocationTarget[] =
    subject.kind === 'session'
      ? source.tokenIssuers.map((issuer) => ({ issuer, session: subject.session }))
      : subject.issuers.map((issuer) => ({ issuer, token: subject.token }));
  return targets.map((target) => ({
    kind: 'revoke',
    ...logged(target, action, 'end'),
    revocation: { ...target, reason: action.reason },
    isWidened: false,
    isLate: false,
  }));
}

function effectsOnMany(values: readonly Value[], action: Action, { allow }: SourceProfile): readonly Effect[] {
  const { isLate, issuedUpTo, receivedUpTo, stateAtMs } = action;
  if (action.kind === 'lift') {
    // A late lift could enable a user who was disabled meanwhile.
    if (!allow.lift) return [ignore('not_allowed')];
    if (isLate) return [{ kind: 'ignored', reason: 'too_late', isLate }];
    return values.map(({ target }) => ({ kind: 'lift', ...logged(target, action, 'lift'), lift: target, stateAtMs }));
  }
  // Without the right to block, the tokens issued before the event end: a disabled user gets no new ones from the issuer.
  if (action.kind === 'end' || !allow.block) return values.map((value) => cutoff(value, action, issuedUpTo, 'end'));
  // A late block could disable a user who was enabled meanwhile by another way.
  if (isLate) return values.map((value) => ({ ...cutoff(value, action, receivedUpTo, 'late'), isLate }));
  return values.map(({ target }) => ({
    kind: 'block',
    ...logged(target, action, 'block'),
    revocation: { ...target, reason: action.reason, block: true },
    stateAtMs,
  }));
}

function cutoff({ target, isWidened }: Value, action: Action, issuedUpTo: number, kind: 'end' | 'late') {
  return {
    kind: 'revoke',
    ...logged(target, action, kind),
    revocation: { ...target, reason: action.reason, issuedUpTo },
    isWidened,
    isLate: false,
  } as const;
}

function plain(target: RevocationTarget): Value {
  return { target, isWidened: false };
}

/** One event may revoke several values, and each in one way. */
function logged(target: RevocationTarget, { event }: Action, kind: 'end' | 'late' | 'block' | 'lift') {
  const digest = digestToHex(digestOf(valueOfTarget(target)));
  return { id: statementId([...event, digest, kind]), target: digest };
}

export function ignore(reason: IgnoredReason): Effect {
  return { kind: 'ignored', reason, isLate: false };
}
