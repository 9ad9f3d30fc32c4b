// Starts an installed sidecar, and checks that it answers probes, metrics and the console.
// Usage: node probe-sidecar.mjs <program>
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

const [program] = process.argv.slice(2);
const options = ['--source=memory:', '--data-listen=127.0.0.1:0', '--admin-listen=127.0.0.1:0', '--drain-ms=0'];
const sidecar = spawn(process.execPath, [program, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
sidecar.stdout.setEncoding('utf8');
let output = '';
sidecar.stdout.on('data', (text) => (output += text));
try {
  const { data, admin } = await until(() =>
    output
      .split('\n')
      .slice(0, -1)
      .map(parse)
      .find(({ msg }) => msg === 'started'),
  );
  await until(async () => (await fetch(`${admin}/readyz`)).ok);
  for (const url of [
    `${admin}/livez`,
    `${admin}/metrics`,
    `${data}/v1/snapshot`,
    `${data}/console`,
    `${data}/console/page.js`,
  ]) {
    const { status } = await fetch(url);
    if (status !== 200) throw new Error(`expected 200 from ${new URL(url).pathname}, found ${status}`);
  }
} finally {
  sidecar.kill('SIGTERM');
}

async function until(find) {
  for (let tries = 0; tries < 300; tries++) {
    const found = await find();
    if (found) return found;
    if (sidecar.exitCode !== null) throw new Error(`the sidecar ended with ${sidecar.exitCode}: ${output}`);
    await sleep(100);
  }
  throw new Error(`the sidecar was not ready within 30 s: ${output}`);
}

function parse(line) {
  return line.startsWith('{') ? JSON.parse(line) : {};
}
