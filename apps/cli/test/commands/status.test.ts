import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RunningSidecar, startSidecar } from '@revocast/sidecar';
import { makeCertificate, until } from '@revocast/test-support';
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

/** Answers these paths with these objects. */
async function listen(answers: Readonly<Record<string, object>>) {
  const server = createServer(({ url = '' }, response) => {
    response.statusCode = answers[url] === undefined ? 404 : 200;
    response.end(JSON.stringify(answers[url] ?? {}));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => new Promise((resolve) => server.close(resolve)) };
}

/** No process listens on port 1. */
const closed = 'http://127.0.0.1:1';
const of = ({ dataUrl, adminUrl }: RunningSidecar) => ['status', '--sidecar', dataUrl, '--sidecar-admin', adminUrl];

describe('status', () => {
  it('prints one line and exits with 0 for a fresh sidecar', async () => {
    const { code, stdout } = await runProgram(of(sidecar));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^fresh \(\d+ ms\), ready, 0 rules, 0 readers, version \d\S+\n$/);
  });

  it('names each process behind the sidecar that is silent', async () => {
    const hung = await listen({
      '/v1/fresh': { ageMs: 3 },
      '/readyz': { ok: true, check: 'freshness' },
      '/console/replicas': {
        replicas: [
          { id: 'a', label: 'orders-1', lag: { kind: 'current' }, silentMs: 100 },
          { id: 'b', label: 'orders-2', lag: { kind: 'behind', changes: 3, ms: 1500 }, silentMs: 4200 },
          { id: 'c', lag: { kind: 'unknown' } },
        ],
      },
    });
    const args = ['--sidecar', hung.url, '--sidecar-admin', hung.url];
    const { code, out } = await runIn(testWorld(), 'status', ...args);
    const doctor = await runIn(testWorld(), 'doctor', ...args, '--json');
    await hung.close();
    expect(code).toBe(0);
    expect(out.split('\n').slice(1)).toEqual([
      '    orders-2: 3 entries behind for 1.5 s, silent for 4.2 s',
      '    c: not synchronised yet, or far behind, has never reported',
      '',
    ]);
    expect(JSON.parse(doctor.out).checks).toContainEqual(
      expect.objectContaining({ name: 'sidecar.lag', status: 'warn', found: expect.stringContaining('orders-2: 3') }),
    );
  });

  it('trusts the authority that an https URL names, and without it says which parameter is missing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'revocast-status-'));
    const { cert, key } = await makeCertificate(folder, 'served');
    const served = await startSidecar(
      { source: 'memory:', ...listeners, dataTlsCertFile: cert, dataTlsKeyFile: key, dataTlsClientCaFile: cert },
      { log },
    );
    await until(async () => (await fetch(`${served.adminUrl}/readyz`)).ok, { what: 'a ready sidecar' });
    const ask = (command: string, url: string) =>
      runIn(testWorld(), command, '--sidecar', url, '--sidecar-admin', served.adminUrl);
    const url = `${served.dataUrl}?ca=${cert}&cert=${cert}&key=${key}`;
    const [good, bare, doctor] = [
      await ask('status', url),
      await ask('status', served.dataUrl),
      await ask('doctor', url),
    ];
    const untrusted = await ask('doctor', served.dataUrl);
    await served.stop();
    rmSync(folder, { recursive: true });
    expect(good).toMatchObject({ code: 0, out: expect.stringMatching(/^fresh /) });
    expect(bare).toMatchObject({ code: 3, out: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT') });
    expect(doctor.out).toMatch(/ok +sidecar\.reachable: reachable/);
    expect(untrusted.out).toContain('name the authority of the sidecar with ?ca=');
  });

  it('prints one JSON object', async () => {
    const { out } = await runIn(testWorld(), ...of(sidecar), '--json');
    expect(JSON.parse(out)).toMatchObject({ freshAgeMs: expect.any(Number), readiness: { ok: true }, rules: 0 });
  });

  it('exits with 1 and prints the fix for a sidecar that is not fresh', async () => {
    expect(await runIn(testWorld(), ...of(cold))).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^not fresh, not ready \(cold, unreachable\).*\n {4}wait for the first snapshot/),
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
