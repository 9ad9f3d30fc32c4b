import { hash } from 'node:crypto';
import type { AnyRequest } from '../token/bearer.ts';
import { countFields, fieldOf } from '../token/fields.ts';

/** The header with the certificate of the client, for a proxy that ends the TLS connection. */
export interface CertificateHeader {
  /** In lower case. */
  readonly header: string;
  /** Whether an address is one of the proxies, which set the header and remove it from requests of clients. */
  readonly isTrusted: (address: string) => boolean;
}

/** Longest header value read, in characters. */
const maxHeaderLength = 16_384;

/**
 * The SHA-256 of the client's certificate, base64url; undefined when there is no trustworthy certificate.
 *
 * Without `fromHeader`: of the certificate of the TLS socket, whose handshake proved the private key (RFC 8705 §3; the
 * binding does not depend on its chain). With it: of the certificate in the header, only from a trusted proxy, because any
 * client could send the header, and the socket belongs to the proxy.
 */
export function certificateThumbprint(
  request: AnyRequest,
  fromHeader: CertificateHeader | undefined,
): string | undefined {
  const certificate =
    fromHeader === undefined ? socketCertificate(request.socket) : headerCertificate(request, fromHeader);
  return certificate && hash('sha256', certificate, 'base64url');
}

function socketCertificate(socket: AnyRequest['socket']): Uint8Array | undefined {
  const certificate = socket?.getPeerCertificate?.();
  if (typeof certificate !== 'object' || certificate === null || !('raw' in certificate)) return undefined;
  return certificate.raw instanceof Uint8Array ? certificate.raw : undefined;
}

function headerCertificate(request: AnyRequest, from: CertificateHeader): Uint8Array | undefined {
  const address = request.socket?.remoteAddress;
  if (address === undefined || !from.isTrusted(address)) return undefined;
  if (countFields(request, from.header) !== 1) return undefined;
  const value = fieldOf(request, from.header);
  return value === undefined || value.length > maxHeaderLength ? undefined : readCertificate(value);
}

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** RFC 9440 §2.2 (`:base64:`), or the form of nginx, Envoy and AWS: PEM, percent-encoded. */
function readCertificate(value: string): Uint8Array | undefined {
  const structured = /^:([^:]+):$/.exec(value)?.[1];
  const text = structured ?? readPem(value);
  return text !== undefined && base64.test(text) ? Buffer.from(text, 'base64') : undefined;
}

function readPem(value: string): string | undefined {
  try {
    const armoured = /^-----BEGIN CERTIFICATE-----([\s\S]+)-----END CERTIFICATE-----\s*$/;
    return armoured.exec(decodeURIComponent(value))?.[1]?.replaceAll(/\s/g, '');
  } catch {
    return undefined;
  }
}
