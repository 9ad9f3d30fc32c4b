import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** `--kill-child`: the process in the namespace ends with the command that has created it. */
const own = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
const candidates = [own, [...own, '--map-root-user']];

let found: Promise<readonly string[] | undefined> | undefined;

/**
 * The command that starts a process in a PID namespace of its own, as a container runtime does; the host name stays the same.
 *
 * @returns undefined where this process may not create one.
 */
export function pidNamespaceCommand(): Promise<readonly string[] | undefined> {
  found ??= find();
  return found;
}

async function find(): Promise<readonly string[] | undefined> {
  for (const [file = '', ...args] of candidates) {
    try {
      await run(file, [...args, 'true']);
      return [file, ...args];
    } catch {
      // Not Linux, no such command, or not permitted: the next one, which needs no privilege.
    }
  }
  return undefined;
}
