import { runBundled } from './run-bundled.mjs';

// The tests of the fuzzer run it with decoders that have faults.
await runBundled(process.env.FUZZ_PROGRAM ?? 'test/fuzz/main.ts', { nodeArgs: ['--expose-gc'] });
