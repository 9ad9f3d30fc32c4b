import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RunningSidecar, startSidecar } from '@revocast/sidecar';
import { until } from '@revocast/test-support';
import { pino } from 'pino';
import { runProgram } from '../cli-process.ts';
import { runIn, testWorld } from '../test-world.ts';

const log = pino({ level: 'silent' });
const listeners = { dataListen: '127.0.0.1:0', adminListen: '127.0.0.1:0', drainMs: 0 };
let sidecar: RunningSidecar;
let cold: RunningSidecar;

beforeAll(async () => {
  sidecar = await startSidecar({ source: 'memory:', ...listeners }, { log });
  cold = await startSidecar({ source: 'redis://127.0.0.1:1', ...listeners }, { log });
  await until(async () => (await fetch(`${sidecar.adminUrl}/readyz`)).ok, {
    what: 'a ready sidecar',
    timeoutMs: 15_000,
  });
});
afterAll(async () => {
  await sidecar?.stop();
  await cold?.stop();
});

/** No process listens on port 1. */
const closed = 'http://127.0.0.1:1';
const of = ({ dataUrl, adminUrl }: RunningSidecar) => ['status', '--sidecar', dataUrl, '--sidecar-admin', adminUrl];

describe('status', () => {
  it('prints one line and exits with 0 for a fresh sidecar', async () => {
    const { code, stdout } = await runProgram(of(sidecar));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^fresh \(\d+ ms\), ready, 0 rules, 0 readers, version \d\S+\n$/);
  });

  it('prints one JSON object', async () => {
    const { out } = await runIn(testWorld(), ...of(sidecar), '--json');
    expect(JSON.parse(out)).toMatchObject({ freshAgeMs: expect.any(Number), readiness: { ok: true }, rules: 0 });
  });

  it('exits with 1 and prints the fix for a sidecar that is not fresh', async () => {
    expect(await runIn(testWorld(), ...of(cold))).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^not fresh, not ready \(cold\).*\n {4}wait for the first snapshot/),
    });
  });

  it('exits with 3 when no sidecar answers', async () => {
    const { code } = await runProgram(['status', '--sidecar', closed, '--sidecar-admin', closed]);
    expect(code).toBe(3);
  });

  it('sends nothing over plain http to another host, unless that is allowed', async () => {
    const far = ['status', '--sidecar', 'http://sidecar.invalid:7471', '--sidecar-admin', closed];
    const refused = await runProgram(far);
    const allowed = await runProgram([...far, '--dangerously-allow-http']);
    expect({ refused: refused.code, allowed: allowed.code }).toEqual({ refused: 2, allowed: 3 });
    expect(refused.stderr).toContain('--sidecar: expected https: for a sidecar on another host');
  });
});
