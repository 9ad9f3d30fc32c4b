import { readFileSync } from 'node:fs';
import { parseJsonObject } from './codec/json.ts';

/**
 * The version that a package.json states.
 *
 * @returns `unknown` when the file cannot be read: a bundled program has none.
 */
export function readVersion(packageJson: URL): string {
  try {
    return String(parseJsonObject(readFileSync(packageJson))?.['version'] ?? 'unknown');
  } catch {
    return 'unknown';
  }
}
