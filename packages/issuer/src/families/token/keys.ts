import { createHash, hkdfSync } from 'node:crypto';
import { ConfigurationError } from '@revocast/denylist';

/** A secret from which refresh tokens are derived. All processes of the authorization server have the same keys. */
export interface FamilyKey {
  /** 1–255. Every token and every row names its key by this number. Never reuse a number for another secret. */
  readonly id: number;
  /** At least 32 random bytes: the bytes, or their base64url (or base64) text. `openssl rand -base64 32` makes one. */
  readonly secret: string | Uint8Array;
  /**
   * Default false. True: tokens of this key are accepted, but none is made with it. Deploy a new key with true everywhere
   * first, then let it sign; keep the old key with true until the `absolute` lifetime is over.
   */
  readonly verifyOnly?: boolean | undefined;
}

/** The two keys that are derived from one secret, so that no bytes of a tag are also bytes of a child. */
export interface DerivedKey {
  readonly id: number;
  readonly tag: Uint8Array;
  readonly child: Uint8Array;
}

export interface KeyRing {
  readonly signing: DerivedKey;
  /** @returns undefined for a key that this process does not have. */
  find(id: number): DerivedKey | undefined;
}

const minBytes = 32;
/** Of 32 random bytes, fewer than 16 different ones occur with a probability below 10⁻¹². */
const minDifferentBytes = 16;

/**
 * The keys of one issuer. Two issuers with the same secret get different keys, so that a refresh token of one is no token of
 * the other, although both may use one table.
 *
 * @throws ConfigurationError for wrong keys. The message contains no byte of a secret.
 */
export function readKeys(keys: readonly FamilyKey[], issuer: string): KeyRing {
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > 255) {
    throw new ConfigurationError('keys', 'expected a list of 1–255 keys, each { id, secret }');
  }
  const derived = new Map<number, DerivedKey>();
  for (const key of keys) {
    const id = idOf(key);
    if (derived.has(id)) throw new ConfigurationError('keys', `two keys have the id ${id}: give each its own`);
    derived.set(id, derive(id, secretOf(key, id), issuer));
  }
  const signing = keys.filter(({ verifyOnly }) => verifyOnly !== true);
  if (signing.length !== 1) {
    throw new ConfigurationError(
      'keys',
      `expected exactly one key that signs, found ${signing.length}: set verifyOnly: true for all others`,
    );
  }
  return { signing: derived.get(signing[0]!.id)!, find: (id) => derived.get(id) };
}

function idOf(key: unknown): number {
  const id = typeof key === 'object' && key !== null && 'id' in key ? key.id : undefined;
  if (typeof id === 'number' && Number.isInteger(id) && id >= 1 && id <= 255) return id;
  throw new ConfigurationError('keys', 'expected an id from 1 to 255 in each key, { id: 1, secret }');
}

function secretOf({ secret }: FamilyKey, id: number): Uint8Array {
  const bytes = typeof secret === 'string' ? decodeText(secret) : secret;
  if (!(bytes instanceof Uint8Array)) {
    throw new ConfigurationError('keys', `the secret of key ${id} is neither bytes nor base64url text`);
  }
  if (bytes.length < minBytes) {
    throw new ConfigurationError('keys', `the secret of key ${id} has ${bytes.length} bytes: at least 32 are needed`);
  }
  if (new Set(bytes).size < minDifferentBytes) {
    throw new ConfigurationError('keys', `the secret of key ${id} is not random: use openssl rand -base64 32`);
  }
  return bytes;
}

function decodeText(text: string): Uint8Array | undefined {
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}

function derive(id: number, secret: Uint8Array, issuer: string): DerivedKey {
  // RFC 5869 §3.2: `info` binds a key to its context. It is limited to 1024 bytes, and an issuer is not.
  const context = createHash('sha256').update(issuer).digest('base64url');
  const subKey = (use: string) =>
    new Uint8Array(hkdfSync('sha256', secret, '', `revocast refresh token 1 ${use} ${context}`, 32));
  return { id, tag: subKey('tag'), child: subKey('child') };
}
