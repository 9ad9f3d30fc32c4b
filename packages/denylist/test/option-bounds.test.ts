import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { ConfigurationError } from '../src/configuration-error.ts';
import { createPublisher } from '../src/publisher/create-publisher.ts';
import { openLookUp } from '../src/sources/open-look-up.ts';
import { openReplayStore } from '../src/sources/open-replay-store.ts';

const ports = { clock: new FakeClock(), random: () => 0.5 };
const url = 'redis://127.0.0.1:1';
const issuer = 'https://login.example.com/';

async function published() {
  const clock = new FakeClock();
  const publisher = await createPublisher('memory:', { clock });
  return { clock, publisher, revocation: await publisher.revoke({ issuer, session: 's', reason: 'logout' }) };
}

interface NumericOption {
  readonly option: string;
  readonly least: number;
  readonly most: number;
  readonly unit: string;
  readonly orInfinity?: boolean;
  /** Passes the value to the public function, and releases everything again. */
  use(value: number): Promise<unknown>;
}

const options: [string, NumericOption][] = [
  [
    'openLookUp',
    {
      ...{ option: 'timeoutMs', least: 1, most: 1000, unit: 'ms' },
      use: async (timeoutMs) => (await openLookUp(url, { ...ports, timeoutMs })).close(),
    },
  ],
  [
    'openLookUp',
    {
      ...{ option: 'maxConcurrent', least: 1, most: 10_000, unit: 'look-ups' },
      use: async (maxConcurrent) => (await openLookUp(url, { ...ports, maxConcurrent })).close(),
    },
  ],
  [
    'openLookUp',
    {
      ...{ option: 'maxStalenessMs', least: 2000, most: 60_000, unit: 'ms' },
      use: async (maxStalenessMs) => (await openLookUp(url, { ...ports, maxStalenessMs })).close(),
    },
  ],
  [
    'openReplayStore',
    {
      ...{ option: 'timeoutMs', least: 1, most: 1000, unit: 'ms' },
      use: async (timeoutMs) => (await openReplayStore(url, { ...ports, timeoutMs })).close(),
    },
  ],
  [
    'createPublisher',
    {
      ...{ option: 'broadRulesPerMinute', least: 1, most: 4_294_967_295, unit: 'revocations', orInfinity: true },
      use: async (broadRulesPerMinute) => (await createPublisher('memory:', { broadRulesPerMinute })).close(),
    },
  ],
  [
    'publisher.revoke',
    {
      ...{ option: 'redisReplicas', least: 0, most: 100, unit: 'redis replicas' },
      use: async (redisReplicas) =>
        (await published()).publisher.revoke({ issuer, session: 's', reason: 'logout' }, { redisReplicas }),
    },
  ],
  [
    'publisher.lift',
    {
      ...{ option: 'tokens', least: 0, most: Number.MAX_SAFE_INTEGER, unit: 'tokens' },
      use: async (tokens) => (await published()).publisher.lift({ issuer, session: 's' }, { tokens }),
    },
  ],
  [
    'enforcedEverywhere',
    {
      ...{ option: 'timeoutMs', least: 1, most: 60_000, unit: 'ms' },
      async use(timeoutMs) {
        const { clock, revocation } = await published();
        const waiting = revocation.enforcedEverywhere({ timeoutMs });
        waiting.catch(() => {});
        await clock.advance(60_001);
        return await Promise.race([waiting, Promise.reject(new Error('it never returned'))]);
      },
    },
  ],
];

describe.each(options)('%s', (_name, { option, least, most, unit, orInfinity = false, use }) => {
  it.each([
    ['the smallest', least],
    ['the largest', most],
  ])(`accepts %s ${option}`, async (_bound, value) => {
    await expect(use(value)).resolves.not.toThrow();
  });

  it.each([
    ['below the smallest', least - 1],
    ['above the largest', most + 1],
    ['with a fraction', least + 0.5],
    ['that is not a number', Number.NaN],
    ['of minus infinity', Number.NEGATIVE_INFINITY],
  ])(`refuses a ${option} %s, and names the option, its bounds and the value`, async (_what, value) => {
    const expected = `a whole number of ${unit} from ${least} to ${most}${orInfinity ? ', or Infinity' : ''}`;
    const refusal = use(value);
    await expect(refusal).rejects.toBeInstanceOf(ConfigurationError);
    await expect(refusal).rejects.toMatchObject({ option });
    await expect(refusal).rejects.toThrow(`${option}: expected ${expected}, found ${value}`);
  });

  it(`${orInfinity ? 'accepts' : 'refuses'} a ${option} of Infinity`, async () => {
    const outcome = use(Number.POSITIVE_INFINITY);
    if (orInfinity) await expect(outcome).resolves.not.toThrow();
    else await expect(outcome).rejects.toThrow(`${option}: expected`);
  });

  it(`refuses a ${option} of another type without its value, which may be a secret`, async () => {
    const text: unknown = 's3cret';
    await expect(use(text as number)).rejects.toThrow(/found a value of type string/);
    await expect(use(text as number)).rejects.not.toThrow(/s3cret/);
  });
});
