import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Path of the repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '../../../..');
