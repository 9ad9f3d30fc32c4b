import { describe, expect, it } from '@jest/globals';
import { countEnforcement, type ReplicaStanding } from '../../src/log/enforcement.ts';
import type { ReplicaProgress } from '../../src/log/reader.ts';

const dayMs = 86_400_000;
const standing = (
  replica: Partial<ReplicaProgress>,
  { applied = 'yes', silentMs = 0 }: Partial<Omit<ReplicaStanding, 'replica'>> = {},
): ReplicaStanding => ({
  replica: { id: 'process', failOpen: false, maxStalenessMs: 5000, hasLookUp: false, ...replica },
  applied,
  silentMs,
});
const sidecar = { id: 'sidecar', isServer: true } as const;

describe('counting who enforces an entry', () => {
  it('counts a sidecar neither as expected nor as enforced', () => {
    const counted = countEnforcement([standing({}), standing(sidecar)]);
    expect(counted).toMatchObject({ expected: 1, enforced: 1, missing: [], known: true });
  });

  it.each(['no', 'unknown'] as const)('misses a sidecar whose own answer is "%s"', (applied) => {
    const counted = countEnforcement([standing({}), standing(sidecar, { applied })]);
    expect(counted).toMatchObject({ expected: 1, enforced: 1, missing: ['sidecar'] });
  });

  it('does not miss a sidecar from which no process can become fresh any more', () => {
    const counted = countEnforcement([standing({}), standing(sidecar, { applied: 'no', silentMs: 7501 })]);
    expect(counted.missing).toEqual([]);
    expect(countEnforcement([standing(sidecar, { applied: 'no', silentMs: 7500 })]).missing).toEqual(['sidecar']);
  });

  it('names what is missing by its label, where it has one', () => {
    const labelled = { ...sidecar, label: 'pod-7/12/sidecar' };
    const counted = countEnforcement([standing({}, { applied: 'no' }), standing(labelled, { applied: 'no' })]);
    expect(counted.missing).toEqual(['process', 'pod-7/12/sidecar (sidecar)']);
  });

  it('knows nothing while only sidecars have joined', () => {
    expect(countEnforcement([standing(sidecar)]).known).toBe(false);
  });

  it.each<[string, ReplicaStanding, boolean]>([
    ['a process without a look-up', standing({}), false],
    ['a process with a look-up', standing({ hasLookUp: true }), true],
    ['a process of the last release, which does not say', standing({ hasLookUp: undefined }), true],
    ['a process with a look-up that was silent for a day', standing({ hasLookUp: true }, { silentMs: dayMs }), true],
    ['one that was silent for longer', standing({ hasLookUp: true }, { silentMs: dayMs + 1 }), false],
    ['a sidecar that had such a process behind it', standing({ ...sidecar, hasLookUp: true }), true],
  ])('whether an older look-up may still be used: %s', (_name, only, mayRememberLookUp) => {
    expect(countEnforcement([only])).toMatchObject({ mayRememberLookUp });
  });
});
