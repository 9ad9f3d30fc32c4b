import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { writeChanged } from './write-changed.mjs';

export const licencesFile = 'THIRD-PARTY-LICENSES.txt';

/**
 * Writes THIRD-PARTY-LICENSES.txt beside a bundle: the licences of the bundled packages require a copy of their notice.
 *
 * @param options `folder`: the working folder of the build; `metafile`: that of esbuild; `bundle`: path of the bundle
 */
export function writeLicences({ folder, metafile, bundle }) {
  const folders = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) folders.add(match[1]);
  }
  const notices = [...folders].sort().map((path) => noticeOf(join(folder, path)));
  const rule = `\n${'-'.repeat(80)}\n\n`;
  const head = `${basename(bundle)} contains the following packages, under their own licences.\n`;
  if (notices.length > 0) writeChanged(join(dirname(bundle), licencesFile), [head, ...notices].join(rule));
}

function noticeOf(path) {
  const { name, version, license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  const file = readdirSync(path).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name} is bundled and has no licence file`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(path, file), 'utf8').trim()}\n`;
}
