import { startBuilt } from './start-built.mjs';

startBuilt('bench', { program: 'scale/main.js' });
