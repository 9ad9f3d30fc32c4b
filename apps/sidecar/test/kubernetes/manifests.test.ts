import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse as parseYaml } from 'yaml';
import { parseConfig } from '../../src/config/check-config.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { adminRoutes } from '../../src/listeners/admin-listener.ts';
import { brokenRules, podSecurityRules } from './pod-security.ts';

const text = readFileSync(new URL('../../../../docs/sidecar.md', import.meta.url), 'utf8');
const pods = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)]
  .map(([, block = '']) => parseYaml(block))
  .filter((document) => 'spec' in document)
  .map(({ spec }) => spec);
const [native, classic] = pods;

/** A copy of the native pod with one change. */
function changed(change: (pod: typeof native, sidecar: typeof native) => void) {
  const pod = structuredClone(native);
  change(pod, pod.initContainers[0]);
  return brokenRules(pod);
}

describe('the manifests of docs/sidecar.md', () => {
  it('are those of a native and of a classic sidecar', () => {
    expect(pods).toHaveLength(2);
    expect(native.initContainers).toHaveLength(1);
    expect(classic.initContainers).toBeUndefined();
  });

  it('pass Pod Security restricted', () => {
    expect(podSecurityRules).toHaveLength(12);
    expect(pods.map(brokenRules)).toEqual([[], []]);
  });

  it.each<[string, Parameters<typeof changed>[0]]>([
    ['host namespaces', (pod) => Object.assign(pod, { hostNetwork: true })],
    ['privileged containers', (_, { securityContext }) => Object.assign(securityContext, { privileged: true })],
    [
      'added capabilities',
      (_, { securityContext }) => Object.assign(securityContext.capabilities, { add: ['SYS_ADMIN'] }),
    ],
    ['dropped capabilities', (_, { securityContext }) => delete securityContext.capabilities],
    ['host ports', (_, { ports }) => Object.assign(ports[0], { hostPort: 7472 })],
    ['volume types', (pod) => pod.volumes.push({ name: 'socket', hostPath: { path: '/run/revocast' } })],
    ['privilege escalation', (_, { securityContext }) => delete securityContext.allowPrivilegeEscalation],
    ['running as non-root', (pod) => delete pod.containers[0].securityContext.runAsNonRoot],
    ['user 0', (_, { securityContext }) => Object.assign(securityContext, { runAsUser: 0 })],
    ['seccomp', (_, { securityContext }) => delete securityContext.seccompProfile],
    [
      'proc mount, SELinux and AppArmor',
      (_, { securityContext }) => Object.assign(securityContext, { procMount: 'Unmasked' }),
    ],
    ['sysctls', (pod) => Object.assign(pod, { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } })],
  ])('would be refused for %s', (rule, change) => {
    expect(changed(change)).toEqual([rule]);
  });

  it('give the sidecar a configuration that is valid', () => {
    const readFile = () => 'redis://redis:6379';
    for (const { initContainers = [], containers } of pods) {
      const { env } = [...initContainers, ...containers].find(({ name }) => name === 'revocast');
      const environment = Object.fromEntries(
        env.map(({ name, value }: { name: string; value: string }) => [name, value]),
      );
      expect(resolveConfig({ argv: [], environment, readFile })).toMatchObject({ ok: true });
    }
  });

  it('ask probes that exist, and wait longer for the start than the sidecar does', () => {
    const [{ startupProbe, readinessProbe, livenessProbe, ports }] = native.initContainers;
    for (const { httpGet } of [startupProbe, readinessProbe, livenessProbe]) {
      expect(adminRoutes).toContain(httpGet.path);
      expect(ports.map(({ name }: { name: string }) => name)).toContain(httpGet.port);
    }
    const { startupMaxMs, adminListen } = parseConfig({ source: 'memory:' });
    expect(startupProbe.failureThreshold * startupProbe.periodSeconds * 1000).toBeGreaterThan(startupMaxMs + 10_000);
    expect(adminListen).toBe(`0.0.0.0:${ports[0].containerPort}`);
  });
});
