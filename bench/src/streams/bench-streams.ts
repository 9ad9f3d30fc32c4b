import { startTestIssuer } from '@revocast/test-support';
import { type Child, startChild } from '../child.ts';
import { startFleet } from '../fleet/fleet.ts';
import { openConnections } from '../http/load/raw-connection.ts';
import { runOpenLoop } from '../http/load/run-open-loop.ts';
import { mintTokens } from '../http/tokens.ts';
import { numberIn } from '../message.ts';
import type { Progress } from '../progress.ts';
import type { Figure } from '../report/figure.ts';
import { goals } from '../report/goals.ts';
import { ascending, quantile, ratios, summarize } from '../report/statistics.ts';

export interface StreamsOptions {
  readonly rounds: number;
  /** Duration of one measurement. */
  readonly seconds: number;
  /** Open streams, each with a token of its own. */
  readonly streams: number;
  /** Revocations a second, of other sessions. */
  readonly revocations: number;
  /** Requests a second. */
  readonly perSecond: number;
  readonly warmUp: number;
  readonly progress: Progress;
}

const loads = ['alone', 'beside revocations', 'beside revocations and streams'] as const;
type Load = (typeof loads)[number];

const requestTokens = 1000;
const tokensAMessage = 1000;

/** Measures what open streams cost: the process in which they are watched, and the requests beside them. */
export async function benchStreams(options: StreamsOptions): Promise<Figure[]> {
  const { rounds, streams, progress } = options;
  const issuer = await startTestIssuer();
  const fleet = await startFleet({ processes: 0, depth: 1 });
  const api = startChild(new URL('./streams-process.js', import.meta.url), ['--expose-gc']);
  const revoker = startChild(new URL('./revoker-process.js', import.meta.url));
  try {
    const serving = { issuer: issuer.issuer, audience: 'https://api.test', feed: fleet.sidecar.url };
    const port = numberIn(await api.ask(serving), 'port');
    progress(`streams: ${streams} tokens`);
    for (let at = 0; at < streams; at += tokensAMessage) {
      const tokens = await mintTokens(issuer, Math.min(tokensAMessage, streams - at), requestTokens + at);
      await api.ask({ tokens });
    }
    const tokens = await mintTokens(issuer, requestTokens);
    const measure = measureWith({ ...options, api, revoker, port, tokens, url: fleet.redis.url });
    const measured = new Map<Load, Measurement[]>(loads.map((load) => [load, []]));
    const opened: { readonly usEach: number; readonly bytesEach: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      // The order changes, so that none of them always comes last.
      for (let index = 0; index < loads.length; index += 1) {
        const load = loads[(index + round) % loads.length] ?? 'alone';
        progress(`streams: ${load}, round ${round + 1} of ${rounds}`);
        const hasStreams = load === 'beside revocations and streams';
        // Before each load: the garbage collections of `open` affect the time after them.
        const answer = await api.ask('open');
        opened.push({ usEach: numberIn(answer, 'usEach'), bytesEach: numberIn(answer, 'bytesEach') });
        if (!hasStreams) await api.ask('close');
        measured.get(load)?.push(await measure(load));
        const open = hasStreams ? numberIn(await api.ask('close'), 'open') : streams;
        if (open !== streams) throw new Error(`expected ${streams} open streams, found ${open}`);
      }
    }
    return figuresOf(measured, opened);
  } finally {
    for (const child of [api, revoker]) child.end();
    await fleet.end();
    await issuer.close();
  }
}

interface Measuring extends StreamsOptions {
  readonly api: Child;
  readonly revoker: Child;
  readonly port: number;
  readonly tokens: readonly string[];
  readonly url: string;
}

interface Measurement {
  /** Of requests. */
  readonly p99Us: number;
  /** CPU time of the API process, for each request. */
  readonly cpuUs: number;
}

function measureWith({ api, revoker, port, tokens, url, ...options }: Measuring): (load: Load) => Promise<Measurement> {
  const { perSecond, seconds, warmUp, revocations } = options;
  let from = 0;
  let isWarm = false;
  return async (load) => {
    const connections = await openConnections(port, 32);
    if (!isWarm) await runOpenLoop({ connections, tokens, perSecond: perSecond * 4, amount: warmUp });
    isWarm = true;
    const cpuBefore = numberIn(await api.ask('cpu'), 'cpuUs');
    const revoking = load === 'alone' ? undefined : revoker.ask({ url, rate: revocations, seconds, from });
    from += revocations * seconds;
    const { samples } = await runOpenLoop({ connections, tokens, perSecond, amount: perSecond * seconds });
    await revoking;
    const spentUs = numberIn(await api.ask('cpu'), 'cpuUs') - cpuBefore;
    for (const connection of connections) connection.close();
    const p99Us = quantile(ascending(samples.map(({ latencyMs }) => latencyMs * 1000)), 0.99);
    return { p99Us, cpuUs: spentUs / samples.length };
  };
}

function figuresOf(
  measured: ReadonlyMap<Load, readonly Measurement[]>,
  opened: readonly { readonly usEach: number; readonly bytesEach: number }[],
): Figure[] {
  const of = (load: Load, what: keyof Measurement) => (measured.get(load) ?? []).map((each) => each[what]);
  const ratioOf = (what: keyof Measurement) =>
    summarize(ratios(of('beside revocations and streams', what), of('beside revocations', what)));
  const unit = 'us';
  return [
    ...loads.map((load) => ({ name: `p99 of requests, ${load}`, unit, value: summarize(of(load, 'p99Us')) })),
    ...loads.map((load) => ({ name: `CPU time a request, ${load}`, unit, value: summarize(of(load, 'cpuUs')) })),
    { name: 'p99 with streams, over that without', unit: 'x', value: ratioOf('p99Us'), goal: goals.streamsP99Ratio },
    {
      name: 'CPU time with streams, over that without',
      unit: 'x',
      value: ratioOf('cpuUs'),
      goal: goals.streamsP99Ratio,
    },
    {
      name: 'CPU time to watch a stream',
      unit,
      value: summarize(opened.map(({ usEach }) => usEach)),
      goal: goals.streamCpuUs,
    },
    {
      name: 'memory of a watched stream',
      unit: 'bytes',
      value: summarize(opened.map(({ bytesEach }) => bytesEach)),
      goal: goals.streamBytes,
    },
  ];
}
