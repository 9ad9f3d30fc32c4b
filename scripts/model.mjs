import { runBundled } from './run-bundled.mjs';

await runBundled('packages/denylist/test/model/search.ts');
