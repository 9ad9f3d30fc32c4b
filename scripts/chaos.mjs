import { startBuilt } from './start-built.mjs';

startBuilt('chaos');
