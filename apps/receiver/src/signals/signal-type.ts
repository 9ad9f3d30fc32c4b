/**
 * Every type of event that is recognised, by the last part of its URI where it has one. A closed list: safe as a label, and as
 * a key of the configuration. `other`: any other event.
 */
export const signalTypes = [
  'logout',
  'session-revoked',
  'sessions-revoked',
  'session-established',
  'session-presented',
  'tokens-revoked',
  'token-revoked',
  'token-claims-change',
  'credential-change',
  'credential-compromise',
  'account-credential-change-required',
  'account-disabled',
  'account-enabled',
  'account-purged',
  'identifier-changed',
  'identifier-recycled',
  'opt-in',
  'opt-out-initiated',
  'opt-out-cancelled',
  'opt-out-effective',
  'recovery-activated',
  'recovery-information-changed',
  'assurance-level-change',
  'risk-level-change',
  'device-compliance-change',
  'verification',
  'stream-updated',
  'global-token-revocation',
  'other',
] as const;
export type SignalType = (typeof signalTypes)[number];
