import { defaultMaxRsaBits } from '../jwks/parse-key-set.ts';
import { type GivenOptions, group, number, type Reader, type ReadOptions } from './option-table.ts';
import { refuse } from './read-option.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** The options `keySet` of a verifier: the numbers of the key set cache. */
export const keySetTable = {
  /**
   * Age from which a key set is refreshed in the background. A removed key is noticed this late. Milliseconds,
   * 1000–86400000, default 300000.
   */
  softAgeMs: number({ unit: 'ms', default: 5 * minute, min: second, max: 24 * hour }),
  /**
   * `Cache-Control` may shorten the soft age, but not below this. It never lengthens it. Milliseconds, 1000–86400000,
   * default 60000.
   */
  minSoftAgeMs: number({ unit: 'ms', default: minute, min: second, max: 24 * hour }),
  /**
   * Age from which a key set that could not be refreshed is no longer used: requests get 503. More than the soft age.
   * Milliseconds, 1000–604800000, default 3600000.
   */
  hardAgeMs: number({ unit: 'ms', default: hour, min: second, max: 7 * 24 * hour }),
  /**
   * Total deadline of one refresh: discovery, connection, headers and body together. Milliseconds, 100–30000, default
   * 3000.
   */
  fetchTimeoutMs: number({ unit: 'ms', default: 3 * second, min: 100, max: 30 * second }),
  /** Largest document read from the issuer, counted after decompression. Bytes, 1024–4194304, default 262144. */
  maxBytes: number({ unit: 'bytes', default: 256 * 1024, min: 1024, max: 4 * 1024 * 1024 }),
  /** Members that a key set may have. A set with more is rejected as a whole. Keys, 1–1000, default 100. */
  maxKeys: number({ unit: 'keys', default: 100, min: 1, max: 1_000 }),
  /**
   * Longest modulus of an RSA key, also of the keys of tenants and of DPoP proofs: the time of a check grows with it. Bits,
   * 2048–8192, default 4096.
   */
  maxRsaBits: number({ unit: 'bits', default: defaultMaxRsaBits, min: 2048, max: 8192 }),
  /**
   * Upper limit of the random pause after the first failed refresh; doubled after each further failure. Milliseconds,
   * 100–60000, default 1000.
   */
  backoffBaseMs: number({ unit: 'ms', default: second, min: 100, max: minute }),
  /**
   * Upper limit of the random pause after any number of failures; at least `backoffBaseMs`. Milliseconds, 1000–3600000,
   * default 60000.
   */
  backoffCapMs: number({ unit: 'ms', default: minute, min: second, max: hour }),
  /** Refreshes that unknown kids may cause at once, per issuer. Fetches, 1–100, default 3. */
  unknownKidBurst: number({ unit: 'fetches', default: 3, min: 1, max: 100 }),
  /** Time after which unknown kids may cause one more refresh. Milliseconds, 100–3600000, default 10000. */
  unknownKidIntervalMs: number({ unit: 'ms', default: 10 * second, min: 100, max: hour }),
  /** Unknown kids remembered, so that a repeated one causes no refresh. Kids, 1–100000, default 1000. */
  negativeKids: number({ unit: 'kids', default: 1_000, min: 1, max: 100_000 }),
  /** How long a kid that a refresh did not find is rejected without another refresh. Milliseconds, 0–600000, default 10000. */
  negativeKidMs: number({ unit: 'ms', default: 10 * second, min: 0, max: 10 * minute }),
};

export type KeySetOptions = GivenOptions<typeof keySetTable>;
export type KeySetLimits = ReadOptions<typeof keySetTable>;

const readKeySetGroup = group(keySetTable);

/** @throws ConfigurationError also for two numbers that contradict each other. */
export const readKeySetLimits: Reader<KeySetLimits> = (name, value = {}, context) => {
  const limits = readKeySetGroup(name, value, context);
  const { softAgeMs, hardAgeMs, backoffBaseMs, backoffCapMs } = limits;
  // A set that expires before it is refreshed would make every request wait.
  if (hardAgeMs <= softAgeMs) refuse(`${name}.hardAgeMs`, `more than softAgeMs (${softAgeMs} ms)`, hardAgeMs);
  if (backoffCapMs < backoffBaseMs) {
    refuse(`${name}.backoffCapMs`, `backoffBaseMs (${backoffBaseMs} ms) or more`, backoffCapMs);
  }
  return limits;
};
