import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** The young generation does not grow any more when it has this size. V8 would let it grow to sixteen times as much. */
const youngBytes = 8 * 1024 * 1024;
/**
 * V8 collects the old generation when it has grown by so many per cent since the last time. By itself it waits until it is
 * several times as large, and the memory is never given back.
 */
const growingPercent = 40;

/**
 * Bounds the garbage that V8 keeps before it collects it. The rules lie outside of its heap, and what a sidecar allocates
 * for a change or a report is garbage at once, so a small heap costs no time; a large one is paid for by every pod.
 *
 * V8 reads both flags at each collection, so they may be set while it runs.
 */
export function boundHeap(): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
  const observer = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    if (young !== undefined && young.space_size < youngBytes) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    observer.disconnect();
  });
  observer.observe({ entryTypes: ['gc'] });
}
