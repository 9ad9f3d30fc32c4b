// Formats every file, and fixes what the linter can fix safely.
import { binOf, runNode } from './run.mjs';
import { takeNoOptions } from './take-no-options.mjs';

takeNoOptions('format', `Formats every file, and fixes in place what the linter can fix safely.`);

runNode(binOf('@biomejs/biome', 'biome'), ['check', '--write', '.']);
