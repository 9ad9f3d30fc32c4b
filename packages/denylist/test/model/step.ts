import fc from 'fast-check';

/** What can happen to the modelled world. Numbers are indices, wrapped to what there is. */
export type Event =
  | { readonly kind: 'deny' | 'lift' | 'cutoff' | 'deny on the cut-off side'; readonly token: number }
  | {
      readonly kind: 'kill sidecar' | 'start sidecar' | 'pause sidecar' | 'resume sidecar' | 'isolate' | 'reconnect';
      readonly sidecar: number;
    }
  | { readonly kind: 'kill process' | 'start process' | 'pause process' | 'resume process'; readonly process: number }
  | { readonly kind: 'switch'; readonly process: number; readonly sidecar: number }
  | { readonly kind: 'partition'; readonly withPrimary: readonly number[] }
  | { readonly kind: 'shorten'; readonly writes: number }
  | { readonly kind: 'jump wall'; readonly sidecar: number; readonly ms: number }
  | {
      readonly kind:
        | 'failover'
        | 'mend'
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
const sidecar = fc.nat({ max: 2 });
const process = fc.nat({ max: 2 });

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('deny' as const), token }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('lift' as const), token }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cutoff' as const), token }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('deny on the cut-off side' as const), token }) },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'kill sidecar' as const,
        'start sidecar' as const,
        'start sidecar' as const,
        'pause sidecar' as const,
        'resume sidecar' as const,
        'isolate' as const,
        'reconnect' as const,
      ),
      sidecar,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'kill process' as const,
        'start process' as const,
        'pause process' as const,
        'resume process' as const,
      ),
      process,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('switch' as const), process, sidecar }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('partition' as const),
      withPrimary: fc.uniqueArray(sidecar, { maxLength: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('shorten' as const), writes: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('jump wall' as const),
      sidecar,
      ms: fc.constantFrom(-3_600_000, 3_600_000),
    }),
  },
  {
    weight: 14,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'failover' as const,
        'failover' as const,
        'mend' as const,
        'mend' as const,
        'flush' as const,
        'restart empty' as const,
        'trim' as const,
        'cut replication' as const,
        'cut replication' as const,
        'restore replication' as const,
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const) }) },
);

const pause = fc.constantFrom(0, 5, 20, 50, 150, 400, 1000, 1500, 4000, 7000);
const single = fc.record({ event, thenMs: pause }).map((step) => [step]);

/** Sequences that lead somewhere: by chance alone most schedules would lose nothing that anybody held. */
const fragment = fc
  .record({ token, sidecar, process, to: sidecar, pauses: fc.array(pause, { minLength: 6, maxLength: 6 }) })
  .chain(({ token, sidecar, process, to, pauses }) =>
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
          { kind: 'mend' },
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
