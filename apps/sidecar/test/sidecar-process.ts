import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort, type Supervised, supervise } from '@revocast/test-support';

/** The compiled program; `npm test` compiles it first. */
export const program = fileURLToPath(new URL('../dist/main.cjs', import.meta.url));

export interface SidecarProcess {
  readonly dataUrl: string;
  readonly adminUrl: string;
  /** The parsed lines of its output. @throws if a line is not JSON. */
  log(): readonly Record<string, unknown>[];
  readonly process: Supervised;
}

/** Starts the program on free ports, the same after a restart, and waits until its admin listener answers. */
export async function startSidecarProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<SidecarProcess> {
  const [dataPort, adminPort] = [await freePort(), await freePort()];
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  const lines: string[] = [];
  const ownData = args.some((arg) => arg.startsWith('--data-listen='));
  const listeners = [
    `--admin-listen=127.0.0.1:${adminPort}`,
    ...(ownData ? [] : [`--data-listen=127.0.0.1:${dataPort}`]),
  ];
  const supervised = await supervise({
    name: 'sidecar',
    script: program,
    args: [...listeners, ...args],
    env,
    ready: { url: `${adminUrl}/livez` },
    restart: true,
    stdio: (line) => lines.push(line),
  });
  return {
    dataUrl: `http://127.0.0.1:${dataPort}`,
    adminUrl,
    log: () => lines.map((line) => JSON.parse(line)),
    process: supervised,
  };
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program until it exits. @param onStderr receives what it writes to stderr meanwhile. */
export function runProgram(
  args: readonly string[],
  env: Record<string, string> = {},
  onStderr: (text: string) => void = () => undefined,
): Promise<Finished> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'], ...env }, timeout: 20_000 };
    const child = execFile(process.execPath, [program, ...args], options, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
      resolve({ code, stdout, stderr });
    });
    child.stderr?.on('data', (text) => onStderr(String(text)));
  });
}
