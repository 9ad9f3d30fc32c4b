import { getText } from '../questions/get-text.ts';

export interface LookAtReceiver {
  /** The URL of its admin listener. */
  readonly url: string;
  readonly timeoutMs: number;
}

/** One sample of a metric of a receiver. */
export interface Sample {
  /** Without prefix. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The answers of a receiver. */
export interface ReceiverFacts {
  /** Why it could not be asked: an error code or a status. */
  readonly failure?: string | undefined;
  readonly samples: readonly Sample[];
  /** Unix seconds, by the clock of this machine. */
  readonly nowSeconds: number;
}

/** Reads the metrics of a receiver. They name its sources, and no person. */
export async function lookAtReceiver({ url, timeoutMs }: LookAtReceiver, nowMs: number): Promise<ReceiverFacts> {
  const source = { name: url, baseUrl: url.replace(/\/+$/, '') };
  const metrics = await getText({ source, path: '/metrics', timeoutMs });
  const failure = metrics.ok ? (metrics.status === 200 ? undefined : `status ${metrics.status}`) : metrics.failure;
  return { failure, samples: metrics.ok ? parseSamples(metrics.body) : [], nowSeconds: nowMs / 1000 };
}

function parseSamples(text: string): Sample[] {
  return [...text.matchAll(/^revocast_(\w+)(?:\{([^}]*)\})? (\S+)$/gm)].map(([, name = '', labels = '', value]) => ({
    name,
    labels: Object.fromEntries(
      [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', text = '']) => [label, text]),
    ),
    value: Number(value),
  }));
}
