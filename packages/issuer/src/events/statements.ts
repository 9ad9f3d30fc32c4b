import type { Revocation, RevocationReason, RevocationTarget } from '@revocast/denylist';
import type { FamilyEndOfEvent } from '../families/family-selector.ts';
import type { LifecycleEvent } from './lifecycle-event.ts';

/** What an event says about one value, as the outbox keeps it. */
export type OutboxStatement = {
  /** The families that end with the event. They ended when it was reported, and end again before it is published. */
  readonly end?: FamilyEndOfEvent;
  /** Refresh families that ended with it, for traces and counters. Absent without one. */
  readonly tokens?: number;
} /** Denies every token of the value. */ & (
  | { readonly kind: 'deny'; readonly revocation: Revocation }
  /** Denies every token of the value until a lift. */
  | { readonly kind: 'block'; readonly revocation: Revocation }
  /** Denies the tokens issued up to the event. */
  | {
      readonly kind: 'cutoff';
      readonly revocation: Revocation;
      /** Claim seconds: tokens up to here are denied in any case, because the reporting process can have stamped them. */
      readonly atLeast: number;
      /** Claim seconds, for an event that happened earlier than its report: exactly these tokens are denied. */
      readonly exactly?: number;
    }
  /** Ends the denials stated before. */
  | { readonly kind: 'lift'; readonly target: RevocationTarget & { readonly actor?: string } }
  /** Denies nothing by itself: the grants of the families that it ends are denied one by one. */
  | { readonly kind: 'end'; readonly target: RevocationTarget }
);

interface Context {
  readonly issuer: string;
  /** Claim seconds: when the event is reported. */
  readonly nowSeconds: number;
  /** Claim seconds: the greatest `iat` that this process can have stamped. */
  readonly stampedUpTo: number;
  /** The refresh families that end with it. */
  readonly ended?: { readonly count: number; readonly grants: readonly string[] };
  /** Which families that are; absent without families. */
  readonly end?: FamilyEndOfEvent;
}

/** Of so many families, each grant is revoked by itself. Beyond it, a cutoff ends the kept session's access tokens too. */
const mostGrants = 50;

/** What follows from an event. The grant of a family that ends by itself needs no second look: no other family has it. */
export function statementsOf(event: LifecycleEvent, context: Context): readonly OutboxStatement[] {
  const { end, ended } = context;
  const statements = revocationsOf(event, context);
  if (end === undefined || 'grant' in end.which) return statements;
  // An event that ends no family counts as one, as for a server without families.
  const tokens = ended === undefined || ended.count === 0 ? undefined : ended.count;
  if (!('keep' in event) || event.keep === undefined) {
    return statements.map((statement) => ({ ...statement, end, tokens }));
  }
  return [
    { kind: 'end', target: { issuer: context.issuer, subject: event.subject }, end },
    ...statements.map((statement) => (statement.kind === 'cutoff' ? { ...statement, tokens } : statement)),
  ];
}

/** The revocations of an event. The whole table is here; docs/issuer.md shows it. */
function revocationsOf(event: LifecycleEvent, context: Context): readonly OutboxStatement[] {
  const { issuer, nowSeconds } = context;
  const actor = event.by;
  const about = (reason: RevocationReason) => ({ issuer, reason, actor });
  const cutoff = (revocation: Revocation): OutboxStatement => ({
    kind: 'cutoff',
    revocation,
    atLeast: context.stampedUpTo,
    exactly: event.at === undefined ? undefined : Math.min(Math.floor(event.at.getTime() / 1000), nowSeconds),
  });
  const ofSubject = ({ subject, keep }: { subject: string; keep?: string }, reason: RevocationReason) => {
    const { count, grants } = context.ended ?? { count: 0, grants: [] };
    if (keep === undefined || count > mostGrants) return [cutoff({ ...about(reason), subject })];
    return grants.map((grant) => deny({ ...about(reason), grant }));
  };
  switch (event.type) {
    case 'session_ended':
      return [deny({ ...about(event.reason ?? 'logout'), session: event.session })];
    case 'grant_revoked':
      return [deny({ ...about(event.reason ?? 'other'), grant: event.grant })];
    case 'token_revoked':
      return [deny({ ...about(event.reason ?? 'other'), token: event.token, expiresAt: event.expiresAt })];
    case 'signed_out_everywhere':
      return ofSubject(event, 'logout');
    case 'password_changed':
      return ofSubject(event, 'password_change');
    case 'credential_leaked':
      return ofSubject(event, 'credential_leak');
    case 'user_disabled':
      return [block({ ...about('account_disabled'), subject: event.subject })];
    case 'user_deleted': {
      const { subject, longestTokenSeconds = 86_400 } = event;
      // No token of the person can live longer, and nothing is kept about the person after that.
      const expiresAt = nowSeconds + longestTokenSeconds;
      return [block({ ...about('account_disabled'), subject, expiresAt })];
    }
    case 'user_enabled':
      return [{ kind: 'lift', target: { issuer, subject: event.subject, actor } }];
    case 'consent_withdrawn':
      return [cutoff({ ...about('policy'), subject: event.subject, client: event.client })];
    case 'client_compromised':
      return [cutoff({ ...about('credential_leak'), client: event.client })];
    case 'key_compromised':
      return [deny({ ...about('key_compromise'), key: event.key })];
    case 'tenant_suspended':
      return [block({ ...about('policy'), tenant: event.tenant })];
    case 'tenant_resumed':
      return [{ kind: 'lift', target: { issuer, tenant: event.tenant, actor } }];
  }
}

function deny(revocation: Revocation): OutboxStatement {
  return { kind: 'deny', revocation };
}

function block(revocation: Revocation): OutboxStatement {
  return { kind: 'block', revocation: { ...revocation, block: true } };
}
