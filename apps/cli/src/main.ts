#!/usr/bin/env node
import { run } from './run.ts';
import { systemWorld } from './system-world.ts';

// Neither the timers of the clock nor the sockets of a feed keep the process alive while a command waits.
const keepAlive = setInterval(() => undefined, 60_000);
process.exitCode = await run(process.argv.slice(2), systemWorld());
clearInterval(keepAlive);
