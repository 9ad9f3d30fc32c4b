import type { FaultRecord, ProbeRecord } from '../history.ts';
import type { Timeline } from './timeline.ts';
import type { Violation } from './violation.ts';

export interface Recovery {
  readonly violations: readonly Violation[];
  /** Milliseconds from the end of a fault until a process that was not fresh during the fault was fresh again. */
  readonly samplesMs: readonly number[];
  /** The same for faults in which the log lost data: a log that began empty proves nothing for 15 s (`healingMs`). */
  readonly samplesAfterLossMs: readonly number[];
}

/** After a fault ends, every running process becomes fresh without intervention. */
export function checkRecovery(timeline: Timeline): Recovery {
  const { recoverWithinMs } = timeline.run;
  const faults = timeline.records.filter((record): record is FaultRecord => record.kind === 'fault');
  const violations: Violation[] = [];
  const samplesMs: number[] = [];
  const samplesAfterLossMs: number[] = [];
  const processes = byProcess(timeline.probes);
  for (const { what, beginMs, endMs } of faults) {
    // Faults can overlap: recovery begins at the end of the last one.
    if (faults.some((other) => other.beginMs <= endMs && other.endMs > endMs)) continue;
    const nextMs = Math.min(
      ...faults.map((fault) => fault.beginMs).filter((at) => at > endMs),
      Number.POSITIVE_INFINITY,
    );
    const isLoss = timeline.losses.some(({ doneMs }) => doneMs >= beginMs && doneMs <= endMs);
    for (const [who, probes] of processes) {
      // A process that started after the fault was not affected by it.
      if (probes[0] === undefined || probes[0].startMs > endMs) continue;
      const hurt = probes.some((probe) => !probe.fresh && probe.startMs >= beginMs && probe.startMs <= nextMs);
      if (!hurt) continue;
      const lastProbeMs = probes.at(-1)?.startMs ?? 0;
      const freshMs =
        probes.find((probe) => probe.fresh && probe.startMs >= endMs)?.startMs ?? Number.POSITIVE_INFINITY;
      const tookMs = freshMs - endMs;
      if (freshMs < nextMs) (isLoss ? samplesAfterLossMs : samplesMs).push(tookMs);
      if (tookMs <= recoverWithinMs) continue;
      const looked = Math.min(nextMs, lastProbeMs) - endMs;
      if (looked <= recoverWithinMs) continue;
      const found = Number.isFinite(tookMs) ? `${Math.round(tookMs)} ms` : 'not at all';
      violations.push({
        checked: 'recovery',
        what: `${who} became fresh ${found} after "${what}"; the limit is ${recoverWithinMs} ms`,
      });
    }
  }
  return { violations, samplesMs, samplesAfterLossMs };
}

function byProcess(probes: readonly ProbeRecord[]): Map<string, ProbeRecord[]> {
  const processes = new Map<string, ProbeRecord[]>();
  for (const probe of probes) {
    const list = processes.get(probe.who) ?? [];
    list.push(probe);
    processes.set(probe.who, list);
  }
  return processes;
}
