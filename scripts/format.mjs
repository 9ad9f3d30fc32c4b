// Formats every file, and applies the safe fixes of the linter.
import { binOf, runNode } from './run.mjs';
import { takeNoOptions } from './take-no-options.mjs';

takeNoOptions('format', `Formats every file, and applies the safe fixes of the linter.`);

runNode(binOf('@biomejs/biome', 'biome'), ['check', '--write', '.']);
