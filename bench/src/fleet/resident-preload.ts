// Loaded into the sidecar before its own program, as `pause-preload.ts` is, when its memory is measured: a probe of the
// event loop would add to it.
import { answerParent } from '../answer-parent.ts';

answerParent(() => ({ residentBytes: process.memoryUsage.rss() }));
