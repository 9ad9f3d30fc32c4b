// The compiler writes the scripts of the console's page, and no style sheet.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';

const page = 'console/page/page.css';

/** To be called after the sidecar was compiled: it does not start without the file. */
export function copyStyles(repository = root) {
  copyFileSync(join(repository, 'apps/sidecar/src', page), join(repository, 'apps/sidecar/dist', page));
}
