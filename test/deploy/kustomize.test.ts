import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { brokenRules } from '../../apps/sidecar/test/kubernetes/pod-security.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const deploy = join(root, 'deploy/kustomize');
const read = (path: string) => readFileSync(join(deploy, path), 'utf8');
const { template } = parse(read('sidecar/native-sidecar.yaml')).spec;

describe('deploy/kustomize', () => {
  it('has rules and a dashboard that are generated from ops', () => {
    const script = join(root, 'scripts/kubernetes-monitors.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('adds the native sidecar of docs/sidecar.md, whose environment, probes and security are tested there', () => {
    const page = readFileSync(join(root, 'docs/sidecar.md'), 'utf8');
    const documented = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)]
      .map(([, block = '']) => parse(block))
      .find((document) => document.spec?.initContainers !== undefined).spec;
    expect(template.spec).toEqual({
      initContainers: documented.initContainers,
      volumes: documented.volumes,
    });
  });

  it('adds nothing to a pod that Pod Security restricted refuses', () => {
    expect(brokenRules(template.spec)).toEqual([]);
    const examples = parseAllDocuments(read('example/deployment.yaml')).map((document) => document.toJS());
    expect(examples.map(({ spec }) => brokenRules(spec.template.spec))).toEqual([[], []]);
  });

  it('monitors the port and the pods that the component adds', () => {
    const { spec } = parse(read('monitoring/pod-monitor.yaml'));
    expect(spec.selector.matchLabels).toEqual(template.metadata.labels);
    const ports = template.spec.initContainers[0].ports.map(({ name }: { name: string }) => name);
    expect(ports).toContain(spec.podMetricsEndpoints[0].port);
  });

  it('names in each kustomization only files that are there', () => {
    for (const folder of ['sidecar', 'monitoring']) {
      const { resources = [], patches = [] } = parse(read(`${folder}/kustomization.yaml`));
      const named = [...resources, ...patches.map(({ path }: { path: string }) => path)];
      const there = readdirSync(join(deploy, folder)).filter((name) => name !== 'kustomization.yaml');
      expect(named.sort()).toEqual(there.sort());
    }
  });
});
