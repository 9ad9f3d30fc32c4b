import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { openLog } from '../../src/telemetry/log.ts';
import { logStateChanges } from '../../src/telemetry/log-state-changes.ts';

function setUp() {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  return { lines, observer: logStateChanges(openLog({ level: 'info', destination })) };
}

const failure = (code: string) => Object.assign(new Error('AUTH hunter2 failed for redis://:hunter2@redis'), { code });
const position = {
  epoch: 'e1',
  head: 'h',
  cursor: 'c',
  healing: false,
  maxTokenLifetimeSeconds: 86_400,
  minReader: 1,
  logTime: { logMs: 0, monotonicMs: 0, roundTripMs: 0 },
};

describe('the log', () => {
  it('has one JSON line for each change of freshness, with its cause', () => {
    const { lines, observer } = setUp();
    observer.freshnessChanged?.({ state: 'fresh', sinceMs: 1 });
    observer.freshnessChanged?.({ state: 'stale', cause: 'no_heartbeat', sinceMs: 2 });
    expect(lines).toMatchObject([
      { level: 'info', component: 'sidecar', state: 'fresh' },
      { level: 'warn', component: 'sidecar', state: 'stale', cause: 'no_heartbeat' },
    ]);
    expect(lines[0]?.['time']).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it('has one line for an outage with many attempts, and one more when the error changes or the connection returns', () => {
    const { lines, observer } = setUp();
    for (let attempt = 0; attempt < 100; attempt++) observer.connectionFailed?.(failure('unreachable'));
    observer.connectionFailed?.(failure('loading'));
    observer.connected?.(position);
    observer.connectionFailed?.(failure('unreachable'));
    expect(lines.map(({ code }) => code)).toEqual(['unreachable', 'loading', undefined, 'unreachable']);
    expect(lines[0]?.['remedy']).toContain('Check that it runs');
  });

  it('names a failure by its code, never by its message', () => {
    const { lines, observer } = setUp();
    observer.connectionFailed?.(failure('no_permission'));
    observer.connectionFailed?.(new Error('hunter2'));
    observer.connectionFailed?.('hunter2');
    expect(JSON.stringify(lines)).not.toContain('hunter2');
    expect(lines).toHaveLength(2);
  });

  it('has one line with a remedy when the log restarts empty, and one when the restart ends', () => {
    const { lines, observer } = setUp();
    observer.restartChanged?.(1_767_225_600);
    observer.restartChanged?.(undefined);
    expect(lines).toMatchObject([
      { level: 'warn', restartedAt: '2026-01-01T00:00:00.000Z' },
      { level: 'info', msg: 'the restart of the log is over: nothing that counts is forgotten' },
    ]);
    expect(lines[0]?.['remedy']).toContain('revocast-sidecar init');
  });

  it('mentions a re-seed only if the log had lost rules', () => {
    const { lines, observer } = setUp();
    observer.reseeded?.(0);
    observer.reseeded?.(3);
    expect(lines).toMatchObject([{ rules: 3 }]);
  });
});
