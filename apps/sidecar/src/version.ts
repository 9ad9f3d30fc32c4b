import { readVersion } from '@revocast/denylist/replica';

export const sidecarVersion = readVersion(new URL('../package.json', import.meta.url));
