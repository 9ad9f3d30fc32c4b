import { readJsonObject } from '@revocast/middleware/keys';
import { signalOfEvent } from '../events/signal-of.ts';
import { accept, type ReadingContext, refuse } from '../reading.ts';
import type { Reading } from '../signal.ts';
import { readSubject } from '../subjects/read-subject.ts';

const mostBodyBytes = 16_384;

/**
 * Reads the body of a Global Token Revocation request (draft-parecki-oauth-global-token-revocation-05 §3): one subject, whose
 * tokens of before the receipt end. The request has no time and no id, so each one is an event of its own.
 *
 * Refused with 400: no subject that can be revoked; 403: a subject of another issuer.
 */
export function readTokenRevocation(body: Uint8Array, context: ReadingContext): Reading {
  if (body.length > mostBodyBytes) return refuse('too_large');
  const request = readJsonObject(body);
  if (request === undefined) return refuse('malformed_body');
  // Auth0 documents `subject` for what the draft calls `sub_id`.
  const identifier = request['sub_id'] ?? request['subject'];
  if (identifier === undefined) return refuse('no_subject');
  const { source, nowMs } = context;
  const facts = {
    type: 'global-token-revocation' as const,
    members: {},
    happenedAtMs: undefined,
    eventId: String(nowMs),
    issuer: source.issuer,
  };
  const signal = signalOfEvent(facts, (scope) => readSubject(identifier, { source, scope }), context);
  if (typeof signal === 'string') return refuse(signal);
  // Unlike an event, a request is answered: the sender must not believe that tokens were revoked.
  for (const effect of signal.effects) {
    if (effect.kind !== 'ignored') continue;
    return refuse(effect.reason === 'unmapped_issuer' ? 'foreign_subject' : 'bad_subject');
  }
  return accept([signal]);
}
