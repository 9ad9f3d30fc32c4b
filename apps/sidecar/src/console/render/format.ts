/** `2026-11-20 18:27:40 UTC`: independent of the time zone of the reader. @param ms Unix milliseconds. */
export function formatTime(ms: number): string {
  return `${isoOf(ms).slice(0, 19).replace('T', ' ')} UTC`;
}

/** `18:27:40.123` in UTC. @param ms Unix milliseconds. */
export function formatClock(ms: number): string {
  return isoOf(ms).slice(11, 23);
}

function isoOf(ms: number): string {
  const date = new Date(ms);
  // Another process may have written an invalid time into the log. The page must be shown all the same.
  return Number.isNaN(date.getTime()) ? '????-??-??T??:??:??.???' : date.toISOString();
}

/** `< 0.1 ms`, `0.4 ms`, `38 ms`, `1.25 s`, `5 s`, `4 min`, `3 h`. */
export function formatDuration(ms: number): string {
  if (ms < 0.1) return '< 0.1 ms';
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${Number((ms / 1000).toFixed(ms < 9995 ? 2 : 1))} s`;
  return ms < 3_570_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}

/** `4,000,000`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
