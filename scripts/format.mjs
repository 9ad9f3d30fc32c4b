// Formats everything, and mends what the linter can mend safely.
import { binOf, runNode } from './run.mjs';

runNode(binOf('@biomejs/biome', 'biome'), ['check', '--write', '.']);
