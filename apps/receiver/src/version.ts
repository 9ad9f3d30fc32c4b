import { readVersion } from '@revocast/denylist/replica';

/** The version of this package and of Node, as `/version` and the metric `build_info` report them. */
export const build = { version: readVersion(new URL('../package.json', import.meta.url)), node: process.version };
