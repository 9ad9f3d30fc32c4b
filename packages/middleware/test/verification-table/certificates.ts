import { hash } from 'node:crypto';
import { type Recipe, thumbprintOf } from '../forge.ts';
import { claims, now } from './recipes.ts';
import type { Row } from './row.ts';

const certificate = Buffer.from('what a certificate would be');
const certified = (changes: object = {}): Recipe =>
  claims({ cnf: { 'x5t#S256': hash('sha256', certificate, 'base64url'), ...changes } });
const clientCert = `:${certificate.toString('base64')}:`;
const pem = encodeURIComponent(
  `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`,
);
const byProxy = { bench: 'certificates from a proxy', token: certified() } as const;

export const certificates: Row[] = [
  { ...byProxy, sends: 'the certificate of the token', headers: { 'client-cert': clientCert }, reason: 'none' },
  { ...byProxy, sends: 'the certificate of the token as PEM', headers: { 'client-cert': pem }, reason: 'none' },
  { ...byProxy, sends: 'no certificate', reason: 'binding_mismatch' },
  {
    ...byProxy,
    sends: 'no certificate after the certificate of the token',
    firstSentAt: now,
    firstSentAs: { headers: { 'client-cert': clientCert } },
    reason: 'binding_mismatch',
  },
  {
    ...byProxy,
    sends: 'another certificate',
    headers: { 'client-cert': `:${Buffer.from('another').toString('base64')}:` },
    reason: 'binding_mismatch',
  },
  {
    ...byProxy,
    sends: 'a value that is not a certificate',
    headers: { 'client-cert': '%%%' },
    reason: 'binding_mismatch',
  },
  {
    ...byProxy,
    sends: 'the certificate from a proxy that is not trusted',
    bench: 'certificates from another proxy',
    headers: { 'client-cert': clientCert },
    reason: 'binding_mismatch',
  },
  {
    ...byProxy,
    sends: 'the certificate where no header is configured',
    bench: 'plain',
    headers: { 'client-cert': clientCert },
    reason: 'binding_mismatch',
  },
  {
    ...byProxy,
    sends: 'the certificate for a token that is also bound to a key',
    token: certified({ jkt: thumbprintOf('es') }),
    headers: { 'client-cert': clientCert },
    reason: 'binding_mismatch',
  },
  {
    ...byProxy,
    sends: 'a token bound by an unknown method',
    token: certified({ kid: 'x' }),
    headers: { 'client-cert': clientCert },
    reason: 'binding_mismatch',
  },
];
