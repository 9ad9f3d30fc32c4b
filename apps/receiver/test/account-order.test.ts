import { describe, expect, it } from '@jest/globals';
import { LogError, type Publisher } from '@revocast/denylist';
import { digestSetOf, type LookUp, valueOfTarget } from '@revocast/denylist/replica';
import fc from 'fast-check';
import { loggedStates, rememberedStates } from '../src/delivery/account-states.ts';
import { createDeliver, type Deliver } from '../src/delivery/deliver.ts';
import { accountStateRevocation, type BlockEffect, type LiftEffect } from '../src/signals/index.ts';
import { readSetClaims } from '../src/signals/jwt/read-set.ts';
import { everything, issuer, now, nowMs, profile, risc, set, user } from './signals/messages.ts';

type Step = () => Promise<unknown>;
type Target = Parameters<typeof valueOfTarget>[0];

const keyOf = (target: Target) => String(digestSetOf([valueOfTarget(target)]).words);

/** A log whose calls take effect in any order. After some of its writes the answer is lost; some questions have no answer. */
function fakeLog(step: Step, faults: readonly boolean[]) {
  const cutoffs = new Map<string, number>();
  const blocked = new Set<string>();
  const ids = new Set<string>();
  let calls = 0;
  const fails = () => faults[calls++] === true;
  const write = async (id: string | undefined, apply: () => void) => {
    await step();
    if (id === undefined || !ids.has(id)) apply();
    if (id !== undefined) ids.add(id);
    await step();
    if (fails()) throw new LogError('outcome_unknown', 'as the test wants');
    return {} as never;
  };
  const publisher: Pick<Publisher, 'revoke' | 'lift'> = {
    revoke: async (revocation, { id } = {}) =>
      await write(id, () => {
        const key = keyOf(revocation);
        const { block, issuedUpTo = 0 } = revocation;
        if (block === true) blocked.add(key);
        else cutoffs.set(key, Math.max(issuedUpTo, cutoffs.get(key) ?? 0));
      }),
    lift: async (target, { id } = {}) => await write(id, () => void blocked.delete(keyOf(target as Target))),
  };
  const lookUp: LookUp = {
    async find(digests, issuedAt) {
      await step();
      const isKnown = [...cutoffs].some(([key, cutoff]) => key === String(digests.words) && issuedAt <= cutoff);
      await step();
      if (fails()) return { verdict: 'unknown', cause: 'log_stale' };
      return isKnown ? { verdict: 'revoked', dimension: 'subject_client' } : { verdict: 'active' };
    },
    close: async () => undefined,
  };
  return { publisher, lookUp, isBlocked: (subject: string) => blocked.has(keyOf({ issuer, subject })) };
}

interface Event {
  readonly state: 'account-disabled' | 'account-enabled';
  /** Seconds before now. */
  readonly ago: number;
  readonly by: 'e-mail' | 'subject';
  /** The receivers that it reaches, one delivery for each. */
  readonly receivers: readonly number[];
}

const events = fc.uniqueArray(
  fc.record<Event>({
    state: fc.constantFrom('account-disabled', 'account-enabled'),
    ago: fc.integer({ min: 1, max: 19 * 3600 }),
    by: fc.constantFrom('e-mail', 'subject'),
    receivers: fc.array(fc.constantFrom(0, 1), { minLength: 1, maxLength: 3 }),
  }),
  { selector: ({ ago }) => ago, minLength: 1, maxLength: 5 },
);

const source = profile({ name: 'idp', allow: everything });

function signalsOf({ state, ago, by }: Event) {
  const sub_id = by === 'subject' ? user('alice') : { format: 'email', email: 'alice@example.com' };
  const reading = readSetClaims(set(`${risc}${state}`, { sub_id, jti: `set-${ago}`, toe: now - ago }), {
    source,
    nowMs,
  });
  if (reading.outcome !== 'accepted') throw new Error(`expected an accepted event, found ${JSON.stringify(reading)}`);
  return reading.signals;
}

const silent = () => undefined;
const observer = {
  signalDelivered: silent,
  widened: silent,
  needsAttention: silent,
  verified: silent,
  streamUpdated: silent,
};

/** A sender that sends the event again until it is taken. */
async function deliverUntilDone(deliver: Deliver, event: Event): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    if ((await deliver(signalsOf(event))).outcome === 'done') return;
  }
  throw new Error('the event was not taken in 20 attempts');
}

describe('states of an account that reach the log in any order', () => {
  it('end in the state of the newest event, by e-mail or subject, repeated, over two receivers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        events,
        fc.array(fc.boolean(), { maxLength: 12 }),
        async (scheduler, all, faults) => {
          const step = () => scheduler.schedule(Promise.resolve());
          const log = fakeLog(step, faults);
          const receivers = [0, 1].map(() =>
            createDeliver({
              publisher: log.publisher,
              states: loggedStates(log.lookUp, log.publisher),
              sources: new Map([
                [
                  'idp',
                  {
                    profile: source,
                    async resolve() {
                      await step();
                      return { outcome: 'found', subjects: ['alice'] } as const;
                    },
                  },
                ],
              ]),
              observer,
              nowMs: () => nowMs,
              log: { warn: silent },
            }),
          );
          const deliveries = all.flatMap((event) =>
            event.receivers.map((receiver) => deliverUntilDone(receivers[receiver]!, event)),
          );
          await scheduler.waitFor(Promise.all(deliveries));
          const newest = all.reduce((one, other) => (one.ago < other.ago ? one : other));
          expect(log.isBlocked('alice')).toBe(newest.state === 'account-disabled');
        },
      ),
      // To make a failure smaller takes minutes.
      { numRuns: 300, endOnFailure: true },
    );
  });
});

describe('a block whose answer was lost', () => {
  it('is lifted when it is delivered again after a newer account-enabled', async () => {
    // The note of the block is answered; its write is not.
    const log = fakeLog(async () => undefined, [false, false, false, true]);
    const deliver = createDeliver({
      publisher: log.publisher,
      states: loggedStates(log.lookUp, log.publisher),
      sources: new Map([['idp', { profile: source }]]),
      observer,
      nowMs: () => nowMs,
      log: { warn: silent },
    });
    const about = { by: 'subject', receivers: [0] } as const;
    const disabled = signalsOf({ ...about, state: 'account-disabled', ago: 60 });
    expect(await deliver(disabled)).toMatchObject({ outcome: 'unavailable' });
    expect(log.isBlocked('alice')).toBe(true);
    const enabled = signalsOf({ ...about, state: 'account-enabled', ago: 5 });
    const { revocation, id } = accountStateRevocation(enabled[0]!.effects[0] as LiftEffect);
    await log.publisher.revoke(revocation, { id });
    expect(await deliver(disabled)).toMatchObject({ outcome: 'done' });
    expect(log.isBlocked('alice')).toBe(false);
  });
});

describe('a log with too few copies', () => {
  it.each(['account-disabled', 'account-enabled'] as const)(
    'takes %s, and returns it as not durable',
    async (state) => {
      const log = fakeLog(async () => undefined, []);
      const counted: string[] = [];
      const onFewCopies = <Args extends readonly unknown[]>(write: (...args: Args) => Promise<unknown>) => {
        return async (...args: Args) => {
          await write(...args);
          throw new LogError('not_durable', 'as the test wants');
        };
      };
      const { revoke, lift } = log.publisher;
      const publisher = { revoke: onFewCopies(revoke), lift: onFewCopies(lift) } as unknown as typeof log.publisher;
      await revoke({ issuer, subject: 'alice', reason: 'other', block: state === 'account-enabled' });
      const deliver = createDeliver({
        publisher,
        states: loggedStates(log.lookUp, publisher),
        sources: new Map([['idp', { profile: source }]]),
        observer: { ...observer, signalDelivered: (_signal, result) => void counted.push(result) },
        nowMs: () => nowMs,
        log: { warn: silent },
      });
      const delivered = await deliver(signalsOf({ state, ago: 60, by: 'subject', receivers: [0] }));
      const notDurable = delivered.outcome === 'done' ? delivered.notDurable : undefined;
      const returned = notDurable?.flatMap(({ effects }) => effects.map(({ kind }) => kind));
      expect([returned, counted, log.isBlocked('alice')]).toEqual([
        [state === 'account-disabled' ? 'block' : 'lift'],
        [],
        state === 'account-disabled',
      ]);
    },
  );
});

describe('the newest later state', () => {
  const about = { id: 'i', target: 't' };
  const blockAt = (seconds: number): BlockEffect => ({
    ...about,
    kind: 'block',
    id: `block-${seconds}`,
    revocation: { issuer, subject: 'alice', reason: 'account_disabled', block: true },
    stateAtMs: seconds * 1000,
  });
  const liftAt = (seconds: number): LiftEffect => ({
    ...about,
    kind: 'lift',
    id: `lift-${seconds}`,
    lift: { issuer, subject: 'alice' },
    stateAtMs: seconds * 1000,
  });
  const kinds = {
    'in the log': () => {
      const log = fakeLog(async () => undefined, []);
      return loggedStates(log.lookUp, log.publisher);
    },
    'in memory': rememberedStates,
  };

  it.each(Object.keys(kinds) as (keyof typeof kinds)[])('is found %s', async (where) => {
    for (const [noted, expected] of [
      [[], 'none'],
      [[blockAt(now - 1000)], 'none'],
      [[liftAt(now - 100)], 'none'],
      [[liftAt(now - 99)], 'lift'],
      [[blockAt(now - 99)], 'block'],
      [[liftAt(now - 50), blockAt(now - 49)], 'block'],
      [[blockAt(now - 50), liftAt(now - 49)], 'lift'],
      [[blockAt(now), liftAt(now - 98)], 'block'],
      [[blockAt(now - 99), liftAt(now + 60)], 'lift'],
    ] as const) {
      const states = kinds[where]();
      for (const effect of noted) await states.note(effect, nowMs);
      const shown = noted.map(({ id }) => id);
      expect([shown, await states.laterThan(blockAt(now - 100))]).toEqual([shown, expected]);
    }
  });
});
