import { startBuilt } from './start-built.mjs';

startBuilt('apps/demo');
