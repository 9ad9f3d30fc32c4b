import type { Clock, Random } from '@revocast/denylist/replica';

/** Where a command writes. */
export interface Output {
  write(text: string): void;
  /** Colours and progress are for people only. */
  readonly isTerminal: boolean;
  /** Columns of the terminal; absent when it is none. */
  readonly columns?: number;
}

/** Everything a command takes from its surroundings. */
export interface World {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: typeof fetch;
  /** @throws whatever the file system throws. */
  readFile(path: string): string;
  readStandardInput(): Promise<string>;
  /** Aborted when the operator wants to stop. */
  readonly interrupted: AbortSignal;
}
