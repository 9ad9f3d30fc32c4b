import { readFileSync } from 'node:fs';

/** The version of this package; `unknown` where the program was bundled without its package.json. */
export function readVersion(): string {
  try {
    const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  } catch {
    // Bundled: there is no such file.
  }
  return 'unknown';
}
