// Copies the style sheet of the console, which the compiler does not write.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';

const page = 'console/page/page.css';

/** Must be called after each compilation of the sidecar, which does not start without this file. */
export function copyStyles(repository = root) {
  copyFileSync(join(repository, 'apps/sidecar/src', page), join(repository, 'apps/sidecar/dist', page));
}
