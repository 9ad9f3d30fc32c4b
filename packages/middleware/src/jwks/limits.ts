/** One number of the key set cache. `default` holds unless configured; configured values lie in `[min, max]`. */
export interface LimitSpec {
  readonly unit: 'ms' | 'bytes' | 'keys' | 'kids' | 'fetches';
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly meaning: string;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Every number of the key set cache, once: options, their validation and the documentation are made from it. */
export const keySetLimitTable = {
  softAgeMs: {
    unit: 'ms',
    default: 5 * minute,
    min: second,
    max: 24 * hour,
    meaning: 'Age from which a key set is refreshed behind the requests. A removed key is noticed this late.',
  },
  minSoftAgeMs: {
    unit: 'ms',
    default: minute,
    min: second,
    max: 24 * hour,
    meaning: 'Cache-Control may shorten the soft age, but never below this. It never lengthens it.',
  },
  hardAgeMs: {
    unit: 'ms',
    default: hour,
    min: second,
    max: 7 * 24 * hour,
    meaning:
      'Age from which a key set that could not be refreshed is no longer used: requests get 503. More than the soft age.',
  },
  fetchTimeoutMs: {
    unit: 'ms',
    default: 3 * second,
    min: 100,
    max: 30 * second,
    meaning: 'Total deadline of one refresh: discovery, connection, headers and body together.',
  },
  maxBytes: {
    unit: 'bytes',
    default: 256 * 1024,
    min: 1024,
    max: 4 * 1024 * 1024,
    meaning: 'Largest document read from the issuer, counted after decompression.',
  },
  maxKeys: {
    unit: 'keys',
    default: 100,
    min: 1,
    max: 1_000,
    meaning: 'Members a key set may have. One with more is refused whole.',
  },
  backoffBaseMs: {
    unit: 'ms',
    default: second,
    min: 100,
    max: minute,
    meaning: 'Upper end of the random pause after a first failed refresh; doubled by each further failure.',
  },
  backoffCapMs: {
    unit: 'ms',
    default: minute,
    min: second,
    max: hour,
    meaning: 'Upper end that the random pause after failures never passes. The first pause or more.',
  },
  unknownKidBurst: {
    unit: 'fetches',
    default: 3,
    min: 1,
    max: 100,
    meaning: 'Refreshes that unknown kids may cause at once, for each issuer.',
  },
  unknownKidIntervalMs: {
    unit: 'ms',
    default: 10 * second,
    min: 100,
    max: hour,
    meaning: 'Time after which unknown kids may cause one more refresh.',
  },
  negativeKids: {
    unit: 'kids',
    default: 1_000,
    min: 1,
    max: 100_000,
    meaning: 'Unknown kids remembered, so that asking again costs nothing.',
  },
  negativeKidMs: {
    unit: 'ms',
    default: 10 * second,
    min: 0,
    max: 10 * minute,
    meaning: 'How long a kid that a refresh did not bring stays refused without asking again.',
  },
} as const satisfies Record<string, LimitSpec>;

/** The numbers of one key set cache, all present. Units, defaults and bounds: {@link keySetLimitTable}. */
export type KeySetLimits = { readonly [Name in keyof typeof keySetLimitTable]: number };

/** The defaults of {@link keySetLimitTable}. */
export const defaultKeySetLimits: KeySetLimits = {
  softAgeMs: keySetLimitTable.softAgeMs.default,
  minSoftAgeMs: keySetLimitTable.minSoftAgeMs.default,
  hardAgeMs: keySetLimitTable.hardAgeMs.default,
  fetchTimeoutMs: keySetLimitTable.fetchTimeoutMs.default,
  maxBytes: keySetLimitTable.maxBytes.default,
  maxKeys: keySetLimitTable.maxKeys.default,
  backoffBaseMs: keySetLimitTable.backoffBaseMs.default,
  backoffCapMs: keySetLimitTable.backoffCapMs.default,
  unknownKidBurst: keySetLimitTable.unknownKidBurst.default,
  unknownKidIntervalMs: keySetLimitTable.unknownKidIntervalMs.default,
  negativeKids: keySetLimitTable.negativeKids.default,
  negativeKidMs: keySetLimitTable.negativeKidMs.default,
};
