/** What a process sends at a fixed rate, independent of the answers. */
export interface Traffic {
  readonly port: number;
  readonly perSecond: number;
  readonly amount: number;
  /** The text of a request, in latin1. */
  text(index: number): string;
}

/** Number of answers by status; 0 for a request or a connection that was not answered. */
export type Statuses = Readonly<Record<number, number>>;

/** How long an answer may take after the last request, in ms; later ones count as missing. */
export const lastAnswerMs = 5000;

/** Adds `count` to the number of answers with a status. */
export function tally(statuses: Record<number, number>, status: number, count = 1): void {
  if (count > 0) statuses[status] = (statuses[status] ?? 0) + count;
}

/** The number of answers whose status is selected. */
export function countOf(statuses: Statuses, select: (status: number) => boolean): number {
  return Object.entries(statuses).reduce((sum, [status, count]) => (select(Number(status)) ? sum + count : sum), 0);
}
