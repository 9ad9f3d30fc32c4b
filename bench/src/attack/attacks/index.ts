import type { Attack } from '../attack.ts';
import { keys } from './keys.ts';
import { kids } from './kids.ts';
import { manyNames, manyReplicas } from './reports.ts';
import { sockets } from './sockets.ts';

/** All attacks, in the order in which they run. */
export const attacks: readonly Attack[] = [manyNames, manyReplicas, ...kids, ...keys, ...sockets];
