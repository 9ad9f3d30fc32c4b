import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { addressList } from '../../src/binding/address-list.ts';
import { certificateThumbprint } from '../../src/binding/client-certificate.ts';

const certificate = Buffer.from('the bytes of a certificate');
const thumbprint = createHash('sha256').update(certificate).digest('base64url');
const socket = (raw: unknown) => ({ getPeerCertificate: () => ({ raw }) });

describe('the certificate of a client', () => {
  it('is the certificate of the TLS socket', () => {
    expect(certificateThumbprint({ headers: {}, socket: socket(certificate) }, undefined)).toBe(thumbprint);
  });

  it.each([
    ['no socket', undefined],
    ['a socket without TLS', {}],
    ['a client without one', { getPeerCertificate: () => ({}) }],
    ['a connection that has ended', { getPeerCertificate: () => null }],
  ])('is absent with %s', (_what, held) => {
    expect(certificateThumbprint({ headers: {}, socket: held }, undefined)).toBeUndefined();
  });

  it('is never the certificate of the socket when a header is configured: the socket belongs to the proxy', () => {
    const header = { header: 'client-cert', isTrusted: () => true };
    const request = { headers: {}, socket: { ...socket(certificate), remoteAddress: '10.0.0.1' } };
    expect(certificateThumbprint(request, header)).toBeUndefined();
  });

  it('is absent when the header occurs twice', () => {
    const value = `:${certificate.toString('base64')}:`;
    const request = {
      headers: { 'client-cert': value },
      rawHeaders: ['Client-Cert', value, 'client-cert', value],
      socket: { remoteAddress: '10.0.0.1' },
    };
    const header = { header: 'client-cert', isTrusted: () => true };
    expect(certificateThumbprint(request, header)).toBeUndefined();
    expect(certificateThumbprint({ ...request, rawHeaders: request.rawHeaders.slice(2) }, header)).toBe(thumbprint);
  });
});

describe('a list of addresses', () => {
  const isTrusted = addressList('proxies', ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32']);

  it.each([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['11.0.0.1', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['2001:db8::1', true],
    ['2001:db9::1', false],
    ['', false],
    ['not an address', false],
  ])('contains %j: %s', (address, known) => {
    expect(isTrusted(address)).toBe(known);
  });

  it.each(['proxy.test', '10.0.0.0/33', '10.0.0.0/x', '::/129', '10.0.0.0/8/8x'])('refuses %s', (entry) => {
    expect(() => addressList('proxies', [entry])).toThrow('proxies: expected IP addresses and networks');
  });
});
