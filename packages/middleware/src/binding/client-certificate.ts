import { hash } from 'node:crypto';
import { countFields, fieldOf, type RequestWithHeaders } from '../token/bearer.ts';

/** Where the client's certificate comes from when a proxy in front ends the TLS connection. */
export interface CertificateHeader {
  /** In lower case. */
  readonly header: string;
  /** Whether this address is one of the proxies that set (and otherwise remove) the header. */
  readonly isTrusted: (address: string) => boolean;
}

/** Longest header value read, in characters. */
const maxHeaderLength = 16_384;

/**
 * The SHA-256 of the client's certificate, base64url; undefined when there is none that can be believed.
 *
 * Without `fromHeader`: that of the TLS socket, whose handshake proved the private key (RFC 8705 §3; whether its chain
 * is trusted does not matter for the binding). With it: that of the header alone, from a trusted proxy alone: the socket
 * is then the proxy's, and anybody could send the header.
 */
export function certificateThumbprint(
  request: RequestWithHeaders,
  fromHeader: CertificateHeader | undefined,
): string | undefined {
  const certificate =
    fromHeader === undefined ? socketCertificate(request.socket) : headerCertificate(request, fromHeader);
  return certificate && hash('sha256', certificate, 'base64url');
}

function socketCertificate(socket: RequestWithHeaders['socket']): Uint8Array | undefined {
  const certificate = socket?.getPeerCertificate?.();
  if (typeof certificate !== 'object' || certificate === null || !('raw' in certificate)) return undefined;
  return certificate.raw instanceof Uint8Array ? certificate.raw : undefined;
}

function headerCertificate(request: RequestWithHeaders, from: CertificateHeader): Uint8Array | undefined {
  const address = request.socket?.remoteAddress;
  if (address === undefined || !from.isTrusted(address)) return undefined;
  if (countFields(request, from.header) !== 1) return undefined;
  const value = fieldOf(request, from.header);
  return value === undefined || value.length > maxHeaderLength ? undefined : readCertificate(value);
}

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** RFC 9440 §2.2 (`:base64:`), or what nginx, Envoy and AWS send: PEM, percent-encoded. */
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
