import { describe, expect, it } from '@jest/globals';
import { runDemo } from './run-demo.ts';

describe('the demo with Redis', () => {
  it('accepts good tokens, refuses revoked ones in every replica, and leaks no request under load', async () => {
    const { code, stdout, stderr } = await runDemo(['--json', '--only', 'a,b,h', '--revocations', '40']);
    expect({ code, story: code === 0 ? '' : stderr }).toEqual({ code: 0, story: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    const outcome: unknown = JSON.parse(lines[0] ?? '');
    expect(outcome).toMatchObject({
      ok: true,
      replicas: 3,
      source: 'redis',
      revocation: { samples: 120 },
      leaked: 0,
      scenes: [
        { name: 'sign-in', ok: true },
        { name: 'logout', ok: true, refreshRefused: true },
        { name: 'under-load', ok: true, acceptedAfterRefusal: 0 },
      ],
    });
    // The beginning of a JWT: no token is printed.
    expect(stdout + stderr).not.toMatch(/eyJ[\w-]+\.[\w-]+\./);
  }, 60_000);
});

describe('the demo without Redis', () => {
  it('plays with the log in a sidecar when no Redis can be started: the others restore its rules after an outage', async () => {
    const { code, stdout, stderr } = await runDemo(['--json', '--only', 'a,b,d,g,j'], {
      REVOCAST_REDIS_SERVER: '/nowhere/redis-server',
    });
    expect({ code, story: code === 0 ? '' : stderr }).toEqual({ code: 0, story: '' });
    const outcome: unknown = JSON.parse(stdout);
    expect(outcome).toMatchObject({ ok: true, replicas: 3, source: 'embedded' });
    const { scenes } = outcome as { scenes: unknown[] };
    expect(scenes).toHaveLength(5);
    expect(scenes.at(-1)).toMatchObject({ name: 'refresh-families', ok: true, revokedTokens: 5 });
  }, 60_000);

  it('keeps what is pending in PostgreSQL, and logs it once the log is back', async () => {
    const variables = { REVOCAST_DEMO_SOURCE: 'embedded', REVOCAST_DEMO_STORE: 'postgres' };
    const { code, stdout, stderr } = await runDemo(['--json', '--only', 'i,j'], variables);
    expect({ code, story: code === 0 ? '' : stderr }).toEqual({ code: 0, story: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      source: 'embedded',
      scenes: [
        { name: 'logout-outage', ok: true, pending: 3 },
        { name: 'refresh-families', ok: true, revokedTokens: 5 },
      ],
    });
  }, 60_000);
});

describe('the command line of the demo', () => {
  it('prints its options with --help', async () => {
    const { code, stdout } = await runDemo(['--help']);
    expect(code).toBe(0);
    for (const option of [
      '--json',
      '--serve',
      '--only',
      '--revocations',
      'REVOCAST_DEMO_SOURCE',
      'REVOCAST_DEMO_STORE',
    ]) {
      expect(stdout).toContain(option);
    }
  });

  it('exits with 2 for an unknown option, before it starts a process', async () => {
    const { code, stderr } = await runDemo(['--jsn']);
    expect(code).toBe(2);
    expect(stderr).toContain('--jsn');
  });
});
