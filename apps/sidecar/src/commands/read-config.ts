import { readFileSync } from 'node:fs';
import { type Resolved, resolveConfig } from '../config/resolve.ts';

/** The configuration of this process. */
export function readConfig(command: { readonly argv: readonly string[]; readonly configFile?: string }): Resolved {
  return resolveConfig({
    ...command,
    environment: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
  });
}
