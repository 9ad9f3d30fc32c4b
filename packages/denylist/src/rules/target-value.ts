import type { DimensionValue, RevocationTarget } from './revocation.ts';

/** The value that a checked target names. */
export function valueOfTarget(target: RevocationTarget): DimensionValue {
  const { issuer } = target;
  if ('subject' in target) {
    const { subject, client } = target;
    return client === undefined
      ? { dimension: 'subject', issuer, value: subject }
      : { dimension: 'subject_client', issuer, value: [subject, client] };
  }
  if ('session' in target) return { dimension: 'session', issuer, value: target.session };
  if ('grant' in target) return { dimension: 'grant', issuer, value: target.grant };
  if ('token' in target) return { dimension: 'token', issuer, value: target.token };
  if ('client' in target) return { dimension: 'client', issuer, value: target.client };
  if ('tenant' in target) return { dimension: 'tenant', issuer, value: target.tenant };
  if ('key' in target) return { dimension: 'key', issuer, value: target.key };
  return { dimension: 'issuer', issuer, value: issuer };
}
