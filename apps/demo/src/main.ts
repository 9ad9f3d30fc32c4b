// The demo: starts all processes, plays the scenes and prints the measurements.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createOauthClient, type OauthClient } from './client/oauth-client.ts';
import { createSendRequest } from './client/send-request.ts';
import { demoClient } from './issuer/provider-options.ts';
import { type CommandLine, parseCommandLine, usage } from './report/command-line.ts';
import { createNarrator } from './report/narrator.ts';
import { describeOutcome } from './report/outcome.ts';
import { allScenes } from './scenes/all-scenes.ts';
import { playScenes } from './scenes/play-scenes.ts';
import { serve } from './serve.ts';
import type { StoreKind } from './world/demo-store.ts';
import { startWorld } from './world/start-world.ts';

const replicaCount = 3;
/** The exit code that shells use after Ctrl-C: 128 + SIGINT. */
const interruptedCode = 130;

const commandLine = readCommandLine();
if (commandLine?.help) process.stdout.write(usage);
else if (commandLine !== undefined) await run(commandLine).catch(reportFailure);

function readCommandLine(): CommandLine | undefined {
  try {
    return parseCommandLine(
      process.argv.slice(2),
      allScenes.map(({ letter }) => letter),
    );
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : 'cannot read the options'}\n\n${usage}`);
    process.exitCode = 2;
    return undefined;
  }
}

async function run({ json, serve: serving, only, revocations }: CommandLine): Promise<void> {
  // With --json, stdout holds only the JSON object.
  const stream = json ? process.stderr : process.stdout;
  const write = (line: string): void => void stream.write(`${line}\n`);
  const narrator = createNarrator({
    write,
    every,
    colours: stream.isTTY === true && !process.env['NO_COLOR'],
    columns: Math.max(40, stream.columns ?? 100),
  });

  const source = readSource(process.env['REVOCAST_DEMO_SOURCE']);
  const store = readStore(process.env['REVOCAST_DEMO_STORE']);
  const { signal, interrupted } = watchSignals();
  const folder = createTemporaryFolder();
  const { send, close: closeConnections } = createSendRequest();
  const started = await narrator.during('starting the log, the issuer and three replicas', () =>
    Promise.race([startWorld({ source, store, replicas: replicaCount, folder, say: write }), interrupted]),
  );
  // The processes that have started so far end with this one.
  if (started === 'interrupted') process.exit(interruptedCode);
  const world = started;
  const stopAll = async (): Promise<void> => {
    closeConnections();
    await world.stop({ atOnce: signal.aborted });
  };

  try {
    write(
      `${replicaCount} replicas with a sidecar each, an issuer, and the log in ${world.source.description.toLowerCase()}.`,
    );
    const newBrowser = (): OauthClient =>
      createOauthClient({
        issuer: world.issuerUrl,
        clientId: demoClient.id,
        redirectUri: demoClient.redirectUri,
        signedOutUri: demoClient.signedOutUri,
        send,
      });
    const scenes = allScenes.filter(({ letter }) => (only === undefined ? !serving : only.includes(letter)));
    const stage = {
      world,
      send,
      narrator,
      newBrowser,
      nowMs: () => performance.now(),
      wallMs: () => Date.now(),
      sleep: async (ms: number): Promise<void> => void (await sleep(ms)),
      revocationsUnderLoad: revocations,
    };
    const played = await Promise.race([playScenes(scenes, stage, signal), interrupted]);
    if (played === 'interrupted') {
      process.exitCode = interruptedCode;
      return;
    }
    if (serving) {
      const tokens = await serve({ world, folder, newBrowser, write, every });
      await interrupted;
      await tokens.close();
    }
    const failed = played.filter(({ ok }) => !ok);
    if (scenes.length > 0)
      write(
        failed.length === 0 ? '\nAll scenes passed.' : `\nFailed scenes: ${failed.map(({ name }) => name).join(', ')}`,
      );
    if (failed.length > 0) process.exitCode = 1;
    if (json) process.stdout.write(`${JSON.stringify(describeOutcome(played, world))}\n`);
  } finally {
    await stopAll();
    // An interrupted scene would continue and report errors of stopped processes.
    if (process.exitCode === interruptedCode) process.exit();
  }
}

/** Removed when this process ends, also while it starts the others. */
function createTemporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'revocast-demo-'));
  // Processes that are being ended can still create files in it.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 }));
  return folder;
}

function watchSignals(): { signal: AbortSignal; interrupted: Promise<'interrupted'> } {
  const controller = new AbortController();
  const interrupted = new Promise<'interrupted'>((resolve) => {
    controller.signal.addEventListener('abort', () => resolve('interrupted'), { once: true });
  });
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
  return { signal: controller.signal, interrupted };
}

function reportFailure(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : 'The demo failed.'}\n`);
  process.exitCode = 1;
}

function readSource(value: string | undefined): 'auto' | 'embedded' {
  if (value === undefined || value === '' || value === 'redis') return 'auto';
  if (value === 'embedded') return 'embedded';
  throw new Error(`REVOCAST_DEMO_SOURCE must be redis or embedded; found ${value}`);
}

function readStore(value: string | undefined): StoreKind {
  if (value === undefined || value === '' || value === 'memory') return 'memory';
  if (value === 'postgres') return 'postgres';
  throw new Error(`REVOCAST_DEMO_STORE must be memory or postgres; found ${value}`);
}

function every(ms: number, tick: () => void): { stop: () => void } {
  const timer = setInterval(tick, ms);
  return { stop: () => clearInterval(timer) };
}
