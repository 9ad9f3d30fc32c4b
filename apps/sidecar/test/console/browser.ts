import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

/** Flags without background requests of the browser. The sandbox is off: it needs rights that containers do not have. */
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

/** @throws Error with the instructions to install one. */
export function findChromium(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const asked = environment['REVOCAST_CHROMIUM'];
  const folders = (environment['PATH'] ?? '').split(delimiter);
  const candidates =
    asked === undefined ? folders.flatMap((folder) => names.map((name) => join(folder, name))) : [asked];
  const found = candidates.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new Error(
    'found no Chromium: install one (Debian: apt-get install chromium) or set REVOCAST_CHROMIUM to its path',
  );
}

/** Starts a headless browser with its own profile. */
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
