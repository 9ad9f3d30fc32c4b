// Writes the manifests of deploy/kustomize/monitoring that contain rules and dashboard, from the files of ops/.
// Usage: node scripts/kubernetes-monitors.mjs [--check]: compares, and changes nothing.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { root } from './run.mjs';

const folder = 'deploy/kustomize/monitoring';
const read = (path) => readFileSync(join(root, path), 'utf8');

/** For Prometheus Operator. The names of groups are unique in a PrometheusRule. */
function prometheusRule() {
  const groups = ['recording', 'rules'].flatMap((name) => parse(read(`ops/prometheus/${name}.yml`)).groups);
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'revocast' },
    spec: { groups },
  };
}

/** For the dashboard sidecar of the Grafana chart, which looks for the label `grafana_dashboard`. */
function dashboard() {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'revocast-dashboard', labels: { grafana_dashboard: '1' } },
    data: { 'revocast.json': read('ops/grafana/revocast.json') },
  };
}

const manifests = { 'prometheus-rule.yaml': prometheusRule(), 'dashboard.yaml': dashboard() };
const isCheck = process.argv.includes('--check');
let stale = 0;
for (const [name, manifest] of Object.entries(manifests)) {
  const path = join(folder, name);
  const text = `# Generated from ops/ by scripts/kubernetes-monitors.mjs.\n${stringify(manifest, { lineWidth: 0 })}`;
  if (!isCheck) writeFileSync(join(root, path), text);
  else if (read(path) !== text) {
    console.error(`${path} differs from ops/: run node scripts/kubernetes-monitors.mjs`);
    stale += 1;
  }
}
process.exit(stale === 0 ? 0 : 1);
