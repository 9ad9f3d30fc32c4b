import type { Decoder } from './decoder.ts';
import { fuzz } from './fuzz.ts';

const kept: Buffer[] = [];
const seeds = [Buffer.from('{"name":"a","many":[1,2,3]}')];

/** About a millisecond of computing. */
function spin(): void {
  let sum = 0;
  for (let count = 0; count < 1_000_000; count++) sum = (sum * 31 + count) | 0;
  if (sum === 0.5) throw new Error('impossible');
}

/** Far below the default: what is slow on purpose is decoded some forty times. */
const maxCpuMs = 40;

/** Decoders with one fault each, to test the fuzzer. */
const planted: readonly Decoder[] = [
  { name: 'faultless', seeds, format: 'json', decode: (input) => input.toString('utf8') },
  {
    name: 'throws',
    seeds,
    format: 'binary',
    decode(input) {
      if (input.includes('[[')) throw new TypeError('two brackets');
      if (input.includes('}')) throw new RangeError('documented');
    },
    isExpected: (error) => error instanceof RangeError,
  },
  {
    name: 'slow',
    seeds,
    format: 'binary',
    maxCpuMs,
    decode(input) {
      if (!input.includes('""')) return;
      const start = process.cpuUsage();
      for (let used = 0; used < 64_000; ) {
        spin();
        const { user, system } = process.cpuUsage(start);
        used = user + system;
      }
    },
  },
  {
    name: 'pollutes',
    seeds,
    format: 'json',
    decode(input) {
      const value: unknown = JSON.parse(input.toString('utf8'));
      for (const key of Object.keys(Object(value))) {
        if (key === '__proto__') Object.assign(Object.prototype, { polluted: true });
      }
    },
    isExpected: (error) => error instanceof SyntaxError,
  },
  { name: 'replaces', seeds, format: 'json', decode: () => Object.assign(Array.prototype, { at: () => 1 }) },
  {
    name: 'grows',
    seeds,
    format: 'binary',
    decode: () => {
      kept.push(Buffer.alloc(16_384));
    },
  },
  {
    name: 'never-returns',
    seeds,
    format: 'json',
    maxCpuMs,
    decode(input) {
      while (input.includes('__proto__'));
    },
  },
];

await fuzz(planted, import.meta.url);
