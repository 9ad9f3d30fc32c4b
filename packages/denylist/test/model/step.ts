import fc from 'fast-check';
import { forgetAfterSeconds, ruleMarginSeconds } from '../../src/rules/rule.ts';
import type { ProcessKind } from './sim-process.ts';

/** Seconds from the denial of the short token until it expires. */
export const shortLifeSeconds = 900;
/** After this time its rule is forgotten. */
export const forgottenAfterMs = (shortLifeSeconds + ruleMarginSeconds + forgetAfterSeconds) * 1000;

/** What can happen to the modelled world. Numbers are indices, wrapped to what there is. */
export type Event =
  | {
      readonly kind:
        | 'deny'
        | 'lift'
        | 'cutoff'
        | 'cutoff by the issuer'
        | 'old deny'
        | 'old lift'
        | 'old cutoff'
        | 'deny on the cut-off side';
      readonly token: number;
    }
  | {
      readonly kind: 'kill sidecar' | 'start sidecar' | 'pause sidecar' | 'resume sidecar' | 'isolate' | 'reconnect';
      readonly sidecar: number;
    }
  | { readonly kind: 'kill process' | 'start process' | 'pause process' | 'resume process'; readonly process: number }
  | {
      readonly kind:
        | 'cut link'
        | 'restore link'
        | 'drop connection'
        | 'lose change'
        | 'double change'
        | 'swap changes'
        | 'forge report';
      readonly reader: number;
    }
  | {
      readonly kind: 'hang reports' | 'resume reports' | 'hang tail' | 'resume tail' | 'ghost';
      readonly sidecar: number;
    }
  | { readonly kind: 'point relay'; readonly relay: number; readonly sidecar: number }
  /** Every machine sleeps: wall clocks go on, monotonic clocks stand still. */
  | { readonly kind: 'night'; readonly ms: number }
  | { readonly kind: 'switch'; readonly process: number; readonly sidecar: number }
  | { readonly kind: 'partition'; readonly withPrimary: readonly number[] }
  | { readonly kind: 'shorten'; readonly writes: number }
  /** The clock of the present primary is set; its replica has another one. */
  | {
      readonly kind: 'step log clock' | 'step replica clock' | 'step publisher clock' | 'step issuer clock';
      readonly ms: number;
    }
  | { readonly kind: 'jump wall'; readonly sidecar: number; readonly ms: number }
  /** The publisher runs on the host of a sidecar from now on, or on one of its own (3). */
  | { readonly kind: 'move publisher'; readonly sidecar: number }
  | {
      readonly kind:
        | 'deny short'
        /** An operator, or a sidecar of the last release, deletes the rule of the short token. */
        | 'prune short'
        | 'back up'
        | 'move name'
        | 'stop all sidecars'
        | 'restore backup'
        | 'failover'
        | 'end partition'
        | 'flush'
        | 'restart empty'
        | 'trim'
        | 'cut replication'
        | 'restore replication';
    }
  | { readonly kind: 'wait' };

/** An event, and the milliseconds that pass after it. */
export interface Step {
  readonly event: Event;
  readonly thenMs: number;
}

const token = fc.nat({ max: 1 });
/** Mostly a sidecar, now and then one of the two relays. */
const sidecar = fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 2 }) }, { weight: 1, arbitrary: fc.nat({ max: 4 }) });
const process = fc.nat({ max: 2 });
/** Mostly a process, now and then one of the two relays. */
const reader = fc.oneof({ weight: 4, arbitrary: process }, { weight: 1, arbitrary: fc.nat({ max: 4 }) });
const relay = fc.nat({ max: 1 });

/** From a correction by NTP to a clock that is hours wrong. */
const clockStep = fc.constantFrom(-10_800_000, -3_600_000, -58_000, -4000, -300, 300, 1400, 4000, 58_000, 10_800_000);

const kinds = <const K extends Event['kind']>(...names: readonly K[]) => fc.constantFrom(...names);

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: kinds('deny'), token }) },
  { weight: 5, arbitrary: fc.record({ kind: kinds('lift'), token }) },
  { weight: 2, arbitrary: fc.record({ kind: kinds('cutoff'), token }) },
  { weight: 2, arbitrary: fc.record({ kind: kinds('deny on the cut-off side'), token }) },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: kinds(
        'kill sidecar',
        'start sidecar',
        'start sidecar',
        'pause sidecar',
        'resume sidecar',
        'isolate',
        'reconnect',
      ),
      sidecar,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: kinds('hang reports', 'resume reports', 'hang tail', 'resume tail'), sidecar }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kinds('ghost'), sidecar }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: kinds('kill process', 'start process', 'pause process', 'resume process'),
      process,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: kinds('cut link', 'restore link', 'drop connection', 'lose change', 'double change', 'swap changes'),
      reader,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kinds('forge report'), reader: process }) },
  { weight: 3, arbitrary: fc.record({ kind: kinds('switch'), process, sidecar }) },
  { weight: 1, arbitrary: fc.record({ kind: kinds('point relay'), relay, sidecar: fc.nat({ max: 3 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kinds('partition'),
      withPrimary: fc.uniqueArray(fc.nat({ max: 2 }), { maxLength: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: kinds('shorten'), writes: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: kinds(
        'step log clock',
        'step log clock',
        'step replica clock',
        'step publisher clock',
        'step issuer clock',
      ),
      ms: clockStep,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kinds('jump wall'), sidecar, ms: clockStep }) },
  { weight: 1, arbitrary: fc.record({ kind: kinds('move publisher'), sidecar: fc.nat({ max: 3 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: kinds('cutoff by the issuer', 'old deny', 'old lift', 'old cutoff'), token }),
  },
  { weight: 3, arbitrary: fc.record({ kind: kinds('deny short') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: kinds('night'),
      ms: fc.constantFrom(90_000, forgottenAfterMs - 100_000, forgottenAfterMs - 1000),
    }),
  },
  {
    weight: 14,
    arbitrary: fc.record({
      kind: kinds(
        'failover',
        'failover',
        'end partition',
        'end partition',
        'flush',
        'restart empty',
        'trim',
        'cut replication',
        'cut replication',
        'restore replication',
        'back up',
        'restore backup',
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kinds('wait') }) },
);

const pause = fc.constantFrom(0, 5, 20, 50, 150, 400, 1000, 1500, 4000, 7000);
const single = fc.record({ event, thenMs: pause }).map((step) => [step]);

/** Sequences that lead to an interesting state: by chance alone most schedules would lose nothing of what is held. */
const fragment = fc
  .record({ token, sidecar, process, to: sidecar, reader, pauses: fc.array(pause, { minLength: 6, maxLength: 6 }) })
  .chain(({ token, sidecar, process, to, reader, pauses }) =>
    fc
      .constantFrom<readonly Event[]>(
        [{ kind: 'cut replication' }, { kind: 'deny', token }, { kind: 'failover' }],
        [{ kind: 'cut replication' }, { kind: 'lift', token }, { kind: 'failover' }],
        [
          { kind: 'deny', token },
          { kind: 'lift', token },
          { kind: 'deny', token },
        ],
        [{ kind: 'isolate', sidecar }, { kind: 'deny', token }, { kind: 'trim' }, { kind: 'reconnect', sidecar }],
        [{ kind: 'isolate', sidecar }, { kind: 'lift', token }, { kind: 'flush' }, { kind: 'reconnect', sidecar }],
        [
          { kind: 'pause sidecar', sidecar },
          { kind: 'deny', token },
          { kind: 'resume sidecar', sidecar },
        ],
        [
          { kind: 'pause process', process },
          { kind: 'deny', token },
          { kind: 'resume process', process },
        ],
        [
          { kind: 'kill sidecar', sidecar },
          { kind: 'switch', process, sidecar: to },
        ],
        [
          { kind: 'kill sidecar', sidecar },
          { kind: 'deny', token },
          { kind: 'start sidecar', sidecar },
        ],
        [
          { kind: 'pause sidecar', sidecar },
          { kind: 'partition', withPrimary: [sidecar] },
          { kind: 'deny', token },
          { kind: 'resume sidecar', sidecar },
        ],
        [
          { kind: 'partition', withPrimary: [sidecar] },
          { kind: 'deny on the cut-off side', token },
          { kind: 'lift', token },
          { kind: 'end partition' },
        ],
        // Readers that are not where, or not who, the log believes.
        [
          { kind: 'hang reports', sidecar },
          { kind: 'switch', process, sidecar },
          { kind: 'cut link', reader: process },
          { kind: 'deny', token },
          { kind: 'restore link', reader: process },
        ],
        [
          { kind: 'hang reports', sidecar },
          { kind: 'drop connection', reader },
          { kind: 'drop connection', reader },
          { kind: 'deny', token },
          { kind: 'resume reports', sidecar },
        ],
        [
          { kind: 'cut link', reader },
          { kind: 'deny', token },
          { kind: 'restore link', reader },
        ],
        [
          { kind: 'hang tail', sidecar },
          { kind: 'deny', token },
          { kind: 'start process', process },
          { kind: 'switch', process, sidecar },
          { kind: 'resume tail', sidecar },
        ],
        [
          { kind: 'lose change', reader },
          { kind: 'deny', token },
        ],
        [
          { kind: 'cut replication' },
          { kind: 'start sidecar', sidecar },
          { kind: 'switch', process, sidecar },
          { kind: 'isolate', sidecar },
          { kind: 'failover' },
          { kind: 'deny', token },
        ],
        [
          { kind: 'switch', process, sidecar: 3 },
          { kind: 'point relay', relay: 0, sidecar },
          { kind: 'cut link', reader: 3 },
          { kind: 'deny', token },
          { kind: 'restore link', reader: 3 },
        ],
        [
          { kind: 'switch', process, sidecar: 4 },
          { kind: 'hang reports', sidecar },
          { kind: 'start process', process },
          { kind: 'deny', token },
          { kind: 'kill sidecar', sidecar: 3 },
          { kind: 'start sidecar', sidecar: 3 },
        ],
        [{ kind: 'isolate', sidecar }, { kind: 'flush' }, { kind: 'deny', token }, { kind: 'reconnect', sidecar }],
        [{ kind: 'deny', token }, { kind: 'move name' }, { kind: 'start sidecar', sidecar }, { kind: 'move name' }],
        // A backup, with some sidecars or with none.
        [
          { kind: 'back up' },
          { kind: 'deny', token },
          { kind: 'kill sidecar', sidecar },
          { kind: 'restore backup' },
          { kind: 'start sidecar', sidecar },
        ],
        [
          { kind: 'back up' },
          { kind: 'deny', token },
          { kind: 'stop all sidecars' },
          { kind: 'night', ms: 90_000 },
          { kind: 'restore backup' },
          { kind: 'start sidecar', sidecar },
        ],
        [
          { kind: 'deny', token },
          { kind: 'stop all sidecars' },
          { kind: 'night', ms: 90_000 },
          { kind: 'start sidecar', sidecar },
        ],
      )
      .map((events) => events.map((event, at): Step => ({ event, thenMs: pauses[at]! }))),
  );

export const schedule: fc.Arbitrary<readonly Step[]> = fc
  .array(fc.oneof({ weight: 3, arbitrary: single }, { weight: 2, arbitrary: fragment }), {
    minLength: 1,
    maxLength: 9,
    size: 'max',
  })
  .map((parts) => parts.flat());

/** Mostly the present wire, strict; a look-up in every second process. */
const kind: fc.Arbitrary<ProcessKind> = fc.record({
  isLegacy: fc.nat({ max: 3 }).map((n) => n === 3),
  failOpen: fc.nat({ max: 7 }).map((n) => n === 7),
  lookUp: fc.boolean().map((without) => !without),
});
export const processKinds: fc.Arbitrary<readonly ProcessKind[]> = fc.array(kind, { minLength: 3, maxLength: 3 });
