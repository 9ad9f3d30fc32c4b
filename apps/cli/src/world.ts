import type { Clock, Random } from '@revocast/denylist/replica';

/** An output stream. */
export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Width of the terminal; absent for another kind of stream. */
  readonly columns?: number | undefined;
}

/** Everything outside this program that a command uses. */
export interface World {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: typeof fetch;
  /** @throws the error of the file system. */
  readFile(path: string): string;
  readStandardInput(): Promise<string>;
  /** Aborted when the operator stops the command. */
  readonly interrupted: AbortSignal;
}
