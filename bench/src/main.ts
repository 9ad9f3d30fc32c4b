import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { benchHttp, type Line } from './http-bench.ts';
import { benchDenylist, type MicroLine } from './micro-bench.ts';

const help = `npm run bench -- [options]

  --quick      one algorithm, few requests: under two minutes, to see that it still runs
  --rounds N   rounds of every contender, 1–50, default 5
  --rules N    rules in the denylist meanwhile, default 1000000
  --micro      only the denylist, without HTTP
  --json       one JSON object as the last line
`;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    rules: { type: 'string' },
    micro: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(help);
} else {
  const rules = readCount('rules', values.rules, { fallback: values.quick ? 10_000 : 1_000_000, max: 20_000_000 });
  const rounds = readCount('rounds', values.rounds, { fallback: values.quick ? 1 : 5, max: 50 });
  const sizes = values.quick ? [1000, 10_000] : [1000, 10_000, 100_000, 1_000_000, 10_000_000];
  const denylist = sizes.map((size) => {
    progress(`denylist with ${size} rules`);
    return benchDenylist(size);
  });
  print(denylistTable(denylist));
  const http = values.micro
    ? []
    : await benchHttp({
        algorithms: values.quick ? ['ES256'] : ['RS256', 'ES256', 'EdDSA'],
        rules,
        rounds,
        amount: values.quick ? 5000 : 20_000,
        progress,
      });
  print(httpTable(http));
  const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown' };
  if (values.json) process.stdout.write(`${JSON.stringify({ ok: true, machine, rules, rounds, denylist, http })}\n`);
  process.exit(0);
}

function readCount(
  name: string,
  text: string | undefined,
  { fallback, max }: { fallback: number; max: number },
): number {
  if (text === undefined) return fallback;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= max) return count;
  process.stderr.write(`--${name}: expected a whole number from 1 to ${max}, found ${text}\n`);
  process.exit(2);
}

function progress(text: string): void {
  process.stderr.write(`  … ${text}\n`);
}

function print(lines: readonly string[]): void {
  // With --json the tables go where people look and machines do not.
  (values.json ? process.stderr : process.stdout).write(`${lines.join('\n')}\n\n`);
}

function denylistTable(lines: readonly MicroLine[]): string[] {
  const head = '       rules   load ms  longest slice ms  bytes/rule  check of 9, hot ns  cold ns';
  return [
    head,
    ...lines.map(
      ({ rules, loadMs, longestSliceMs, bytesPerRule, checkHotNs, checkColdNs }) =>
        `${String(rules).padStart(12)}${loadMs.toFixed(1).padStart(10)}${longestSliceMs.toFixed(2).padStart(18)}` +
        `${bytesPerRule.toFixed(1).padStart(12)}${checkHotNs.toFixed(0).padStart(20)}${checkColdNs.toFixed(0).padStart(9)}`,
    ),
  ];
}

function httpTable(lines: readonly Line[]): string[] {
  return lines.map(({ algorithm, temperature, contender, requestsPerSecond, ofBare }, index) => {
    const first = lines[index - 1]?.temperature !== temperature || lines[index - 1]?.algorithm !== algorithm;
    const title = first
      ? `${index === 0 ? '' : '\n'}${algorithm}, ${temperature} (requests/s, of the bare route ± spread)\n`
      : '';
    const percent = `${(ofBare.median * 100).toFixed(0)} % ± ${(ofBare.spread * 100).toFixed(1)}`;
    const bar = '█'.repeat(Math.round(ofBare.median * 40));
    return `${title}  ${contender.padEnd(36)}${requestsPerSecond.median.toFixed(0).padStart(8)}  ${percent.padStart(14)}  ${bar}`;
  });
}
