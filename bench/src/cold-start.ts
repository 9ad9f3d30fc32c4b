import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { dieWithParent } from '@revocast/test-support';
import { serveRules } from './rules.ts';

export interface ColdStartLine {
  readonly rules: number;
  /** A new process, from opening its feed to being fresh. */
  readonly freshAfterMs: number;
}

/** How long a new process takes beside a warm sidecar with so many rules. */
export async function benchColdStart(rules: number): Promise<ColdStartLine> {
  const server = await serveRules(rules);
  const child: ChildProcess = fork(fileURLToPath(new URL('./fleet-process.js', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  dieWithParent(child);
  try {
    child.send({ kind: 'replica', url: server.url });
    const [message] = await once(child, 'message');
    const { freshAfterMs, rules: held }: { freshAfterMs?: number; rules?: number } = message;
    if (held !== rules) throw new Error(`expected ${rules} rules, found ${held}`);
    return { rules, freshAfterMs: Number(freshAfterMs) };
  } finally {
    child.kill('SIGKILL');
    await server.close();
  }
}
