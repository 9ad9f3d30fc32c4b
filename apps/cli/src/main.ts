#!/usr/bin/env node
import { run } from './run.ts';
import { systemWorld } from './system-world.ts';

// The clock's timers and the sockets of the feeds do not keep a process alive, and waiting is half of our work.
const alive = setInterval(() => undefined, 60_000);
process.exitCode = await run(process.argv.slice(2), systemWorld());
clearInterval(alive);
