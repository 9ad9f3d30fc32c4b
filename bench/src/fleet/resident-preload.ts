// Loaded into the sidecar instead of `pause-preload.ts` when its memory is measured: the probe of the event loop would
// add to the memory.
import { answerParent } from '../answer-parent.ts';
import { cpuUs } from '../cpu.ts';

answerParent(() => ({ residentBytes: process.memoryUsage.rss(), cpuUs: cpuUs() }));
