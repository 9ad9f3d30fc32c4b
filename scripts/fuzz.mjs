import { bundleFuzz } from './bundle-fuzz.mjs';
import { tryNode } from './run.mjs';

const program = await bundleFuzz('test/fuzz/main.ts');
process.exit(tryNode(program, process.argv.slice(2), { nodeArgs: ['--expose-gc'] }));
