import type { Fault } from './fault.ts';
export function randomFaults(_ms: number, _say: (line: string) => void): Fault {
  return { name: 'random', failure: 'bad links', run: async () => {} };
}
