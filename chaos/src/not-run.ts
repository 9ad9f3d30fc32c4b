import { missingForSystemFaults } from '@revocast/test-support/system-faults';
import type { Fault, Need } from './fault.ts';
import { openMemoryLimit } from './world/host/memory-limit.ts';
import { pidNamespaceCommand } from './world/host/pid-namespace.ts';

/** A fault that this machine cannot cause. It is reported, so that nothing counts as tested that was not. */
export interface NotRun {
  readonly fault: string;
  /** What the fault needs. */
  readonly reason: string;
}

/** @returns undefined when the fault can be run here. */
export async function cannotRun({ name, world, needs = [] }: Fault): Promise<NotRun | undefined> {
  const reasons = [world?.systemFaults === true ? await missingForSystemFaults() : undefined];
  for (const need of needs) reasons.push(await missing[need]());
  const reason = reasons.find((each) => each !== undefined);
  return reason === undefined ? undefined : { fault: name, reason };
}

const missing: Readonly<Record<Need, () => Promise<string | undefined>>> = {
  async 'pid namespace'() {
    const command = await pidNamespaceCommand();
    return command === undefined ? 'needs Linux, and the right to create a PID namespace (unshare)' : undefined;
  },
  async 'memory limit'() {
    const limit = await openMemoryLimit('trial');
    await limit?.close();
    return limit === undefined ? 'needs Linux, and the right to create a control group for memory' : undefined;
  },
};
