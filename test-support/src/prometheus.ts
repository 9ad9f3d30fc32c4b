import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPrometheus } from './find-prometheus.ts';
import { freePort } from './free-port.ts';
import { supervise } from './supervisor.ts';
import { until } from './until.ts';

export { findPrometheus, type PrometheusBinaries } from './find-prometheus.ts';

export interface StartPrometheusOptions {
  /** Targets (`host:port`, scraped at `/metrics`) and additional labels by job. */
  jobs: Readonly<Record<string, { targets: readonly string[]; labels?: Readonly<Record<string, string>> }>>;
  /** Absolute paths of rule files. */
  ruleFiles?: readonly string[];
  /** Interval of scrapes and of rule evaluation. Default 500. */
  intervalMs?: number;
}

export interface PrometheusSample {
  labels: Readonly<Record<string, string>>;
  value: number;
}

export interface PrometheusAlert {
  name: string;
  state: 'pending' | 'firing';
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
}

/** A Prometheus on 127.0.0.1, which ends at the latest with this process. */
export interface Prometheus {
  readonly url: string;
  /** An instant query. @throws Error with the answer of Prometheus when the query fails. */
  query(expression: string): Promise<PrometheusSample[]>;
  alerts(): Promise<PrometheusAlert[]>;
  /** Resolves after every target was scraped once more. */
  scraped(): Promise<void>;
  stop(): Promise<void>;
}

/** @throws Error with instructions to install Prometheus, or with its last lines when it does not start. */
export async function startPrometheus(options: StartPrometheusOptions): Promise<Prometheus> {
  const { prometheus } = await findPrometheus();
  const dir = await mkdtemp(join(tmpdir(), 'revocast-prometheus-'));
  const remove = () => rm(dir, { recursive: true, force: true });
  try {
    await writeFile(join(dir, 'prometheus.yml'), configOf(options));
    const url = `http://127.0.0.1:${await freePort()}`;
    const server = await supervise({
      name: 'prometheus',
      command: prometheus,
      args: [
        `--config.file=${join(dir, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(dir, 'data')}`,
        `--web.listen-address=${new URL(url).host}`,
        // Short, so that queries notice a stopped target soon.
        '--query.lookback-delta=15s',
      ],
      ready: { url: `${url}/-/ready` },
      readyTimeoutMs: 30_000,
    });
    return {
      url,
      query: (expression) => query(url, expression),
      alerts: () => readAlerts(url),
      scraped: () => scraped(url),
      async stop() {
        await server.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The configuration as JSON, which is valid YAML. */
function configOf({ jobs, ruleFiles = [], intervalMs = 500 }: StartPrometheusOptions): string {
  return JSON.stringify({
    global: {
      scrape_interval: `${intervalMs}ms`,
      scrape_timeout: `${intervalMs}ms`,
      evaluation_interval: `${intervalMs}ms`,
    },
    rule_files: ruleFiles,
    scrape_configs: Object.entries(jobs).map(([job, { targets, labels = {} }]) => ({
      job_name: job,
      static_configs: [{ targets, labels }],
    })),
  });
}

async function ask(url: string): Promise<unknown> {
  const response = await fetch(url);
  const answer: unknown = await response.json();
  if (!isRecord(answer) || answer['status'] !== 'success') throw new Error(`${url}: ${JSON.stringify(answer)}`);
  return answer['data'];
}

async function query(url: string, expression: string): Promise<PrometheusSample[]> {
  const data = await ask(`${url}/api/v1/query?${new URLSearchParams({ query: expression })}`);
  return listIn(data, 'result').map((item) => {
    const [, value] = Array.isArray(item['value']) ? item['value'] : [];
    return { labels: texts(item['metric']), value: Number(value) };
  });
}

async function readAlerts(url: string): Promise<PrometheusAlert[]> {
  return listIn(await ask(`${url}/api/v1/alerts`), 'alerts').map((alert) => {
    const labels = texts(alert['labels']);
    const state = alert['state'] === 'firing' ? 'firing' : 'pending';
    return { name: labels['alertname'] ?? '', state, labels, annotations: texts(alert['annotations']) };
  });
}

async function scraped(url: string): Promise<void> {
  const calledAtMs = Date.now();
  await until(
    async () => {
      const targets = listIn(await ask(`${url}/api/v1/targets?state=active`), 'activeTargets');
      // A scrape that began after the call includes everything counted before the call.
      const beganAfter = (target: Record<string, unknown>) =>
        Date.parse(String(target['lastScrape'])) > calledAtMs && target['health'] === 'up';
      return targets.length > 0 && targets.every(beganAfter);
    },
    { timeoutMs: 15_000, everyMs: 50, what: 'a scrape of every target' },
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listIn(data: unknown, name: string): Record<string, unknown>[] {
  const list = isRecord(data) ? data[name] : undefined;
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

function texts(value: unknown): Record<string, string> {
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)])) : {};
}
