import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { foreignLabelsIn, readText, root, specs, unknownMetricsIn } from './observability-files.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string; readonly refId: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
}

const text = readText('ops/grafana/revocast.json');
const dashboard: Dashboard = JSON.parse(text);
const panels = dashboard.panels.filter(({ type }) => type !== 'row');
const titled = panels.map((panel) => [panel.title, panel] as const);

describe('the dashboard', () => {
  it('is what its generator writes', () => {
    const script = join(root, 'scripts/grafana-dashboard.mjs');
    const { stdout } = spawnSync(process.execPath, [script, '--print'], { encoding: 'utf8' });
    expect(JSON.parse(stdout)).toEqual(dashboard);
  });

  it('has a variable for data source, namespace, pod and issuer', () => {
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'namespace', 'pod', 'issuer']);
    for (const { query } of dashboard.templating.list) expect(unknownMetricsIn(query)).toEqual([]);
  });

  it('follows a revocation from whether it works to the sidecars', () => {
    expect(dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
      'Is revocation working',
      'Streams',
      '401 causes',
      'Latency stages',
      'Token lifecycle',
      'Usage',
      'Keys',
      'Redis and capacity',
      'Sidecars',
      'Signals',
    ]);
  });

  it('names each panel by an id of its own, and puts none over another', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...dashboard.panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
  });

  it.each(titled)(
    'says in "%s" what is shown, in what unit',
    (title, { description = '', fieldConfig, targets = [] }) => {
      expect(title.length).toBeGreaterThan(3);
      expect(description).toMatch(/^[A-Za-z].{15,}\.$/);
      expect(fieldConfig?.defaults.unit).toMatch(/^\w+$/);
      expect(targets.length).toBeGreaterThan(0);
    },
  );

  it.each(titled)('asks in "%s" for metrics and labels that exist', (_title, { targets = [] }) => {
    for (const { expr, legendFormat } of targets) {
      expect(unknownMetricsIn(expr)).toEqual([]);
      expect(foreignLabelsIn(expr.replaceAll('"$issuer"', '".*"'))).toEqual([]);
      expect(legendFormat).not.toBe('');
    }
  });

  it('shows every metric of the table, or what is derived from it', () => {
    const elsewhere = ['degraded', 'denylist_checks_total', 'token_cache_entries', 'token_cache_lookups_total'];
    const all = text + readText('ops/prometheus/recording.yml');
    const missing = specs.map(({ name }) => name).filter((name) => !all.includes(`revocast_${name}`));
    expect(missing.filter((name) => !elsewhere.includes(name))).toEqual([]);
  });
});
