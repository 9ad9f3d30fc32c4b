import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type MetricSpec, metricPrefix } from '@revocast/denylist/replica';
import { parse } from 'yaml';
import { receiverMetrics } from '../apps/receiver/src/telemetry/receiver-metrics.ts';
import { sidecarMetrics } from '../apps/sidecar/src/telemetry/sidecar-metrics.ts';
import { issuerMetrics } from '../packages/issuer/src/telemetry/issuer-metrics.ts';
import { middlewareMetrics } from '../packages/middleware/src/telemetry/middleware-metrics.ts';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

export const readText = (path: string): string => readFileSync(join(root, path), 'utf8');
export const filesIn = (path: string): string[] => readdirSync(join(root, path)).map((name) => `${path}/${name}`);

export interface DocumentedMetric extends MetricSpec {
  /** Which processes export it. */
  readonly components: readonly ('middleware' | 'sidecar' | 'issuer' | 'receiver')[];
}

const components = ['middleware', 'sidecar', 'issuer', 'receiver'] as const;
const tables: Readonly<Record<(typeof components)[number], readonly MetricSpec[]>> = {
  middleware: middlewareMetrics,
  sidecar: sidecarMetrics,
  issuer: issuerMetrics,
  receiver: receiverMetrics,
};
const every = [...new Set(components.flatMap((component) => tables[component]))];

/** The tables of all components, each metric once. */
export const specs: readonly DocumentedMetric[] = every.map((spec) => ({
  ...spec,
  components: components.filter((component) => tables[component].includes(spec)),
}));

export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export function rulesIn(path: string): Rule[] {
  const { groups }: { groups: { rules: Rule[] }[] } = parse(readText(path));
  return groups.flatMap(({ rules }) => rules);
}

export const alerts = rulesIn('ops/prometheus/rules.yml');
export const records = rulesIn('ops/prometheus/recording.yml');

/** `RevocationSLOBurnFast` → `revocation-slo-burn-fast`. */
export function runbookOf(alert: string): string {
  const words = alert.match(/[A-Z]+(?![a-z])|[A-Z][a-z]+|\d+/g) ?? [];
  return `docs/runbooks/${words.join('-').toLowerCase()}.md`;
}

/** Names that a histogram has on the wire. */
const namesOf = ({ name, type }: MetricSpec): string[] =>
  (type === 'histogram' ? ['', '_bucket', '_sum', '_count'] : ['']).map((suffix) => metricPrefix + name + suffix);

/** What the authorization server exports, as docs/opentelemetry.md has it in its table. */
const issuersHalf = [...readText('docs/opentelemetry.md').matchAll(/`(oauth2_\w+)`/g)].map(([, name]) => name ?? '');

const known = new Set([...specs.flatMap(namesOf), ...issuersHalf, ...records.map(({ record }) => record ?? '')]);

/** Metrics that a text names and nobody exports. */
export function unknownMetricsIn(text: string): string[] {
  // A name that may carry its unit is known without it.
  const named = text.replaceAll('(_seconds)?', '').match(/\b(?:revocast|oauth2)[_:][a-z][\w:]*/g) ?? [];
  return [...new Set(named)].filter((name) => !known.has(name));
}

/** Label names that an expression gives to one of our metrics and that the table does not. */
export function foreignLabelsIn(expression: string): string[] {
  // What a scrape configuration attaches, and what a histogram has.
  const attached = ['namespace', 'pod', 'job', 'instance', 'le', '__name__'];
  return [...expression.matchAll(/\b(revocast_\w+)\{([^}]*)\}/g)].flatMap(([, metric = '', matchers = '']) => {
    const spec = specs.find((candidate) => namesOf(candidate).includes(metric));
    const labels = [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g)];
    return labels
      .filter(([, label = '']) => !attached.includes(label))
      .filter(([, label = '', value = '']) => {
        const values = spec?.labels[label];
        if (spec === undefined || !(label in spec.labels)) return true;
        // An expression of literals names only values that exist.
        const literals = /^[\w|]+$/.test(value) ? value.split('|') : [];
        return values !== undefined && literals.some((literal) => !values.includes(literal));
      })
      .map(([matcher]) => `${metric}{${matcher}}`);
  });
}
