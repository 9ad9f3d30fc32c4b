import { missingForSystemFaults } from '@revocast/test-support/system-faults';
import type { Fault } from './fault.ts';

/** A fault that this machine cannot cause. It is reported, so that nothing counts as tested that was not. */
export interface NotRun {
  readonly fault: string;
  /** What the fault needs. */
  readonly reason: string;
}

/** @returns undefined when the fault can be run here. */
export async function cannotRun({ name, world }: Fault): Promise<NotRun | undefined> {
  const reason = world?.systemFaults === true ? await missingForSystemFaults() : undefined;
  return reason === undefined ? undefined : { fault: name, reason };
}
