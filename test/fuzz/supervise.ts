import { Worker } from 'node:worker_threads';
import type { Command } from './command-line.ts';
import type { Decoder } from './decoder.ts';
import { defaultMaxCpuMs } from './decoder-run.ts';
import { maxInputBytes } from './mutator.ts';
import { type Order, type Progress, sharedFields, sharedHeaderBytes } from './work.ts';

/** A decoder that needs so many times its `maxCpuMs` for one input is taken to never return. */
const hangFactor = 20;
const pollMs = 250;
const progressMs = 5000;

/**
 * Runs the decoders on a thread that can be ended, and prints progress and a summary.
 *
 * @param self the program, which is also that of the thread.
 * @returns whether nothing was found.
 */
export async function supervise(decoders: readonly Decoder[], command: Command, self: URL): Promise<boolean> {
  const { seconds, seed, only } = command;
  const shared = new SharedArrayBuffer(sharedHeaderBytes + maxInputBytes);
  const order: Order = { seconds, seed, only, shared };
  console.log(`fuzz: ${only.length || decoders.length} decoders, ${seconds} s, seed ${seed}`);
  const latest = new Map<string, Progress>();
  let printedMs = performance.now();
  const worker = new Worker(self, { workerData: order, stdout: false });
  const ended = new Promise<void>((resolve, reject) => {
    worker.on('message', (progress: Progress) => {
      latest.set(progress.name, progress);
      if (progress.failure !== undefined) printFailure(progress, command);
      if (performance.now() - printedMs < progressMs) return;
      printedMs = performance.now();
      const inputs = [...latest.values()].reduce((sum, { inputs: count }) => sum + count, 0);
      console.log(`  … ${inputs} inputs, now ${progress.name}`);
    });
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
  const watchdog = watch(shared, decoders, (hang) => {
    latest.set(hang.name, { ...hang, inputs: latest.get(hang.name)?.inputs ?? 0 });
    printFailure(hang, command);
    void worker.terminate();
  });
  try {
    await ended;
  } finally {
    clearInterval(watchdog);
  }
  return summarise([...latest.values()], command);
}

/** The main thread only waits, so the CPU time of this process is that of the decoders. */
function watch(
  shared: SharedArrayBuffer,
  decoders: readonly Decoder[],
  onHang: (hang: Progress) => void,
): NodeJS.Timeout {
  const fields = new Int32Array(shared, 0, sharedHeaderBytes / 4);
  let begun = 0;
  let since = process.cpuUsage();
  return setInterval(() => {
    const now = Atomics.load(fields, sharedFields.begun);
    if (now !== begun || now === 0) {
      begun = now;
      since = process.cpuUsage();
      return;
    }
    const { name, maxCpuMs = defaultMaxCpuMs } = decoders[fields[sharedFields.decoder]!]!;
    const hangMs = hangFactor * maxCpuMs;
    const { user, system } = process.cpuUsage(since);
    if ((user + system) / 1000 < hangMs) return;
    since = process.cpuUsage();
    const input = Buffer.from(new Uint8Array(shared, sharedHeaderBytes, fields[sharedFields.length]));
    const detail = `no result after ${hangMs} ms of CPU`;
    onHang({ name, inputs: 0, spentMs: 0, failure: { kind: 'hang', detail, hex: input.toString('hex') } });
  }, pollMs);
}

function printFailure({ name, failure }: Progress, { seed }: Command): void {
  if (failure === undefined) return;
  console.log(`FAILED ${name}: ${failure.kind}: ${failure.detail}`);
  console.log(`  input (hex): ${failure.hex}`);
  console.log(`  repeat: npm run fuzz -- --seed ${seed} --only ${name}`);
}

function summarise(all: readonly Progress[], { seed }: Command): boolean {
  console.log('\n| decoder | inputs | inputs/s | found |\n|---|---:|---:|---|');
  for (const { name, inputs, spentMs, failure } of all) {
    const rate = spentMs > 0 ? Math.round((inputs / spentMs) * 1000) : 0;
    console.log(`| ${name} | ${inputs} | ${rate} | ${failure?.kind ?? 'nothing'} |`);
  }
  const failed = all.filter(({ failure }) => failure !== undefined).length;
  const inputs = all.reduce((sum, { inputs: count }) => sum + count, 0);
  console.log(`\n${all.length} decoders, ${inputs} inputs, seed ${seed}: ${failed} failed`);
  return failed === 0 && all.length > 0;
}
