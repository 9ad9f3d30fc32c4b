// Runs before npm packs a workspace, in its folder: ends with 1 when the package would lack what its package.json names.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publishedPaths } from './pack.mjs';

const folder = process.cwd();
const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const missing = publishedPaths(manifest).filter((path) => !existsSync(join(folder, path)));
if (missing.length > 0) {
  console.error(`${manifest.name} is not built: ${missing[0]} does not exist.`);
  console.error('Run `npm run build` in the root of the repository, then pack again.');
  process.exit(1);
}
