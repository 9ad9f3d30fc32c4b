import { parsePrometheusText } from '../../src/report/prometheus-text.ts';

/** The samples of a metric that are not 0, by their labels. */
export function counted(text: string, name: string): Record<string, number> {
  const samples = parsePrometheusText(text).filter((sample) => sample.name === name && sample.value !== 0);
  return Object.fromEntries(samples.map(({ labels, value }) => [Object.values(labels).join(' '), value]));
}
