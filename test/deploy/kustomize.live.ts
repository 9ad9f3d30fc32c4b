import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { openSource } from '@revocast/denylist/replica';
import { freePort, startRedis, supervise } from '@revocast/test-support';
import { parseAllDocuments } from 'yaml';
import { brokenRules } from '../../apps/sidecar/test/kubernetes/pod-security.ts';

// Not executed here, because they need a cluster: the order in which a kubelet starts and stops the containers, admission,
// the network between pods, and what Prometheus Operator and Grafana make of the monitors.

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { KUBECTL: kubectl = '', DEPLOY_TOOLS: tools = '' } = process.env;
const rendered = execFileSync(kubectl, ['kustomize', join(root, 'deploy/kustomize/example')], { encoding: 'utf8' });
const manifests = parseAllDocuments(rendered).map((document) => document.toJS());
const find = (kind: string, name: string) =>
  manifests.find((each) => each.kind === kind && each.metadata.name === name);
const orders = find('Deployment', 'orders-api');

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe('the rendered example', () => {
  it('has the sidecar before the other init containers of labelled Deployments, and in no other', () => {
    const { initContainers, containers, volumes } = orders.spec.template.spec;
    expect(initContainers.map(({ name }: { name: string }) => name)).toEqual(['revocast', 'migrate']);
    expect(initContainers[0].image).toBe('registry.example.com/revocast-sidecar:0.1.0');
    expect(containers.map(({ name }: { name: string }) => name)).toEqual(['api']);
    expect(volumes).toEqual([{ name: 'revocast-source', secret: { secretName: 'revocast-source' } }]);
    expect(orders.spec.template.metadata.labels).toEqual({ app: 'orders-api', 'revocast.dev/sidecar': 'enabled' });
    const { template } = find('Deployment', 'static-pages').spec;
    expect(template.spec.initContainers).toBeUndefined();
    expect(template.metadata.labels).toEqual({ app: 'static-pages' });
  });

  it('has the monitors', () => {
    const kinds = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.namespace}`).sort();
    expect(kinds).toEqual([
      'ConfigMap revocast-dashboard shop',
      'Deployment orders-api shop',
      'Deployment static-pages shop',
      'PodMonitor revocast-sidecar shop',
      'PrometheusRule revocast shop',
    ]);
  });

  it('passes Pod Security restricted', () => {
    const pods = manifests.filter(({ kind }) => kind === 'Deployment').map(({ spec }) => spec.template.spec);
    expect(pods.map(brokenRules)).toEqual([[], []]);
  });

  it('has only fields that the API has', () => {
    expect(compile(manifests)).toBe('');
  });

  it.each([
    ['a field that does not exist', 'Deployment', '"periodSeconds":1', '"period":1'],
    ['a number as text', 'Deployment', '"containerPort":7472', '"containerPort":"7472"'],
    ['a mistyped interval', 'PodMonitor', '"interval"', '"intervall"'],
  ])('would not compile with %s', (_what, kind, text, replacement) => {
    const one = manifests.filter((each) => each.kind === kind);
    const changed = JSON.stringify(one).replace(text, replacement);
    expect(changed).not.toBe(JSON.stringify(one));
    expect(compile(JSON.parse(changed))).toContain('error TS');
  });
});

const typeOfKind: Readonly<Record<string, readonly [name: string, module: string]>> = {
  ConfigMap: ['IConfigMap', 'kubernetes-models/v1'],
  Deployment: ['IDeployment', 'kubernetes-models/apps/v1'],
  PodMonitor: ['IPodMonitor', '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1'],
  PrometheusRule: ['IPrometheusRule', '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1'],
};

/** Compiles manifests as object literals, in which an unknown field is an error. @returns the output of the compiler */
function compile(objects: readonly { readonly kind: string }[]): string {
  const folder = mkdtempSync(join(tools, 'compile-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(folder, { recursive: true });
  const code = objects.map((object, index) => {
    const [name, module] = typeOfKind[object.kind] ?? [];
    return `import type { ${name} as T${index} } from '${module}';\n(${JSON.stringify(object)}) satisfies T${index};`;
  });
  writeFileSync(join(folder, 'manifests.mts'), code.join('\n'));
  const compilerOptions = { strict: true, noEmit: true, skipLibCheck: true, module: 'nodenext', types: [] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['manifests.mts'] }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  return spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' }).stdout;
}

describe('a sidecar with the rendered environment', () => {
  it('starts, and answers each probe', async () => {
    const [sidecar] = orders.spec.template.spec.initContainers;
    const redis = await startRedis({ config: { 'maxmemory-policy': 'noeviction' } });
    closers.push(() => redis.stop());
    const source = await openSource(redis.url);
    await source.declareWhole?.();
    await source.close();
    const folder = mkdtempSync(join(tmpdir(), 'revocast-deploy-'));
    closers.push(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'source'), redis.url);
    const [data, admin] = [await freePort(), await freePort()];
    const [{ mountPath }] = sidecar.volumeMounts;
    const given = sidecar.env.map(({ name, value }: { name: string; value: string }) => [
      name,
      value.replace(mountPath, folder),
    ]);
    // Only the ports differ from those of a pod: another process may have them here. A test of the sidecar compares them.
    const listeners = { REVOCAST_DATA_LISTEN: `127.0.0.1:${data}`, REVOCAST_ADMIN_LISTEN: `127.0.0.1:${admin}` };
    const { startupProbe, readinessProbe, livenessProbe } = sidecar;
    const process = await supervise({
      name: 'sidecar',
      script: join(root, 'apps/sidecar/dist/main.js'),
      env: { ...Object.fromEntries(given), ...listeners },
      ready: { url: `http://127.0.0.1:${admin}${readinessProbe.httpGet.path}` },
      readyTimeoutMs: 30_000,
    });
    closers.push(() => process.stop());
    for (const { httpGet } of [startupProbe, readinessProbe, livenessProbe]) {
      const answer = await fetch(`http://127.0.0.1:${admin}${httpGet.path}`);
      expect({ path: httpGet.path, status: answer.status }).toEqual({ path: httpGet.path, status: 200 });
    }
    const metrics = await fetch(
      `http://127.0.0.1:${admin}${find('PodMonitor', 'revocast-sidecar').spec.podMetricsEndpoints[0].path}`,
    );
    expect(await metrics.text()).toContain('revocast_build_info');
  });
});
