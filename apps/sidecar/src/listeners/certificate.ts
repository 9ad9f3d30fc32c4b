import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { type Clock, ConfigurationError, errorCodeOf } from '@revocast/denylist/replica';
import type { Config } from '../config/schema.ts';
import { rereadMs } from './token-file.ts';

/** What a TLS server needs. With `ca`, a client needs a certificate that this authority has signed. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
}

/** The certificate of a listener, read again when its files change. */
export interface CertificateFiles {
  readonly current: Certificate;
  /** Calls `use` with each later certificate. */
  onChange(use: (certificate: Certificate) => void): void;
  close(): void;
}

const fileOptions = { cert: 'dataTlsCertFile', key: 'dataTlsKeyFile', ca: 'dataTlsClientCaFile' } as const;
type Part = keyof typeof fileOptions;

export interface CertificateOptions {
  readonly config: Pick<Config, (typeof fileOptions)[Part]>;
  readonly clock: Clock;
  /** The files changed and cannot be used: the certificate from before stays. Called once until they can be used. */
  readonly onInvalid: (option: string, reason: string) => void;
}

/**
 * @returns undefined when no certificate is configured.
 * @throws ConfigurationError when the files hold no certificate with its key.
 */
export function openCertificate({ config, clock, onInvalid }: CertificateOptions): CertificateFiles | undefined {
  const { dataTlsCertFile: cert, dataTlsKeyFile: key, dataTlsClientCaFile: ca } = config;
  if (cert === undefined || key === undefined) return undefined;
  const stop = new AbortController();
  const users: ((certificate: Certificate) => void)[] = [];
  let current = check({
    cert: readPart('cert', cert),
    key: readPart('key', key),
    ca: ca === undefined ? undefined : readPart('ca', ca),
  });
  let isInvalid = false;

  const reread = async () => {
    try {
      const read = await readParts({ cert, key, ca });
      if (!isSame(read, current)) {
        current = check(read);
        for (const use of users) use(current);
      }
      isInvalid = false;
    } catch (error) {
      // A renewal that is half written is complete at the next reading.
      if (!isInvalid && error instanceof ConfigurationError) onInvalid(error.option, error.message);
      isInvalid = true;
    }
  };
  const rereadForEver = async () => {
    while (!stop.signal.aborted) {
      await clock.sleep(rereadMs, stop.signal);
      if (!stop.signal.aborted) await reread();
    }
  };
  void rereadForEver();

  return {
    get current() {
      return current;
    },
    onChange: (use) => void users.push(use),
    close: () => stop.abort(),
  };
}

function readPart(part: Part, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unreadable(part, path, error);
  }
}

async function readParts(paths: Readonly<Record<'cert' | 'key', string>> & { readonly ca?: string }) {
  const read = (part: Part, path: string) =>
    readFile(path).catch((error: unknown) => {
      throw unreadable(part, path, error);
    });
  const [cert, key, ca] = await Promise.all([
    read('cert', paths.cert),
    read('key', paths.key),
    paths.ca === undefined ? undefined : read('ca', paths.ca),
  ]);
  return { cert, key, ca };
}

function unreadable(part: Part, path: string, cause: unknown): ConfigurationError {
  return new ConfigurationError(fileOptions[part], `cannot read ${path} (${errorCodeOf(cause) ?? 'unknown'})`, {
    cause,
  });
}

/** The text of the library is not shown: it may quote the file. @throws ConfigurationError that names the wrong file. */
function check(certificate: Certificate): Certificate {
  const { cert, key, ca } = certificate;
  const isValid = (parts: Partial<Certificate>) => {
    try {
      createSecureContext(parts);
      return true;
    } catch {
      return false;
    }
  };
  const found = (part: Part, expected: string) =>
    new ConfigurationError(fileOptions[part], `expected ${expected} in PEM, found something else`);
  if (!isValid({ cert })) throw found('cert', 'a certificate');
  if (!isValid({ key })) throw found('key', 'a private key without a password');
  if (!isValid({ cert, key })) throw found('key', 'the private key of the certificate in dataTlsCertFile');
  // The library takes a text without any certificate, and then accepts no client.
  if (ca !== undefined && (!ca.includes('-----BEGIN CERTIFICATE-----') || !isValid({ ca }))) {
    throw found('ca', 'the certificate of an authority');
  }
  return certificate;
}

function isSame(one: Certificate, other: Certificate): boolean {
  return one.cert.equals(other.cert) && one.key.equals(other.key) && isSameBytes(one.ca, other.ca);
}

function isSameBytes(one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one === undefined || other === undefined ? one === other : one.equals(other);
}
