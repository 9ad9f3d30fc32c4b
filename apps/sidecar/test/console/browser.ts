import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

/** Nothing but what the test asks for goes over the network; the sandbox wants rights that containers do not give. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** @throws Error that says how to get one. */
export function findChromium(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const asked = environment['REVOCAST_CHROMIUM'];
  const folders = (environment['PATH'] ?? '').split(delimiter);
  const candidates =
    asked === undefined ? folders.flatMap((folder) => names.map((name) => join(folder, name))) : [asked];
  const found = candidates.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new Error(
    'no Chromium was found: install one (Debian: apt-get install chromium) or name it in REVOCAST_CHROMIUM',
  );
}

/** A browser with a profile of its own, headless. */
export async function openBrowser(): Promise<{ readonly context: BrowserContext; close(): Promise<void> }> {
  const executablePath = findChromium();
  const profile = await mkdtemp(join(tmpdir(), 'revocast-browser-'));
  const context = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args: flags });
  return {
    context,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
