/** One line of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const line = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)/;
const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/** Parses the Prometheus text format, version 0.0.4. Ignores lines in another format. */
export function parsePrometheusText(text: string): Sample[] {
  return text.split('\n').flatMap((row) => {
    const [, name, labels = '', value] = row.startsWith('#') ? [] : (line.exec(row) ?? []);
    if (name === undefined || value === undefined) return [];
    const pairs = [...labels.matchAll(label)].map(([, key = '', text = '']) => [key, text] as const);
    return [{ name, labels: Object.fromEntries(pairs), value: value === '+Inf' ? Infinity : Number(value) }];
  });
}

/** The sum over all series with this name and these labels; 0 without a match. */
export function sumOf(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number {
  return matching(samples, name, labels).reduce((sum, { value }) => sum + value, 0);
}

/** The sums by the value of one label. */
export function sumBy(samples: readonly Sample[], name: string, labelName: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { labels, value } of matching(samples, name, {})) {
    const key = labels[labelName] ?? '';
    sums.set(key, (sums.get(key) ?? 0) + value);
  }
  return sums;
}

function matching(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>>): Sample[] {
  return samples.filter(
    (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
}
