import { startBuilt } from './start-built.mjs';

await startBuilt('bench', { program: 'scale/main.js' });
