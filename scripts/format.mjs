// Formats everything, and mends what the linter can mend safely.
import { binOf, runNode } from './run.mjs';
import { takeNoOptions } from './take-no-options.mjs';

takeNoOptions('format', `Formats every file, and mends in place what the linter can mend safely.`);

runNode(binOf('@biomejs/biome', 'biome'), ['check', '--write', '.']);
